#pragma once

#include <QString>
#include <QTest>

namespace opscope::test {

/// A Python with PyTorch; empty: there is none here.
inline QString torchPython() { return qEnvironmentVariable("OPSCOPE_PYTHON"); }

} // namespace opscope::test

#define NEEDS_TORCH()                                                                                                                                \
    if (::opscope::test::torchPython().isEmpty()) QSKIP("skipped: OPSCOPE_PYTHON names no Python with PyTorch")
