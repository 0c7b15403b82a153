#pragma once

#include "core/trace/Trace.h"

#include <QTemporaryDir>

#include <random>
#include <string>
#include <vector>

namespace opscope::test {

/// A Kineto trace and its execution trace, with its resources: bent at random and opened together.
class MutantPairs
{
public:
    /// `kineto` and `et` are below tests/data, packed or not; the resources folder of `et` is taken along.
    MutantPairs(const std::string& kineto, const std::string& et, unsigned seed);
    /// The next pair. Null when what came out cannot be opened, which is said in a sentence: see complaint().
    TracePtr next();
    /// Why the last one could not be opened.
    const std::string& complaint() const { return m_complaint; }

private:
    std::string bent(const std::string& text);
    std::string path(const char* name) const { return m_folder.filePath(QString::fromLatin1(name)).toStdString(); }

    QTemporaryDir m_folder;
    std::string m_kineto, m_et;          ///< texts
    std::mt19937 m_random;
    std::string m_complaint;
};

struct MutantPairFiles
{
    const char *name, *kineto, *et;
};
/// With a device and its calls, with backward nodes, with compiled code, with captured data.
const std::vector<MutantPairFiles>& pairsToBend();

} // namespace opscope::test
