#pragma once

#include <QByteArray>
#include <QString>

#include "core/record/RecorderBackend.h"

#include <map>
#include <string>

namespace opscope {

/// What the record dialog remembers: how was recorded, not what.
struct RecordSettings
{
    std::string backend;                          ///< id; "" for the first one that is possible
    std::map<std::string, OptionValues> options;  ///< by backend
    bool limited = true;                          ///< false: until Stop
    int seconds = 30;                             ///< 1 to kMostSeconds
    int mebibytes = 1024;                         ///< 0: no limit; to kMostMebibytes
    QString saveTo;                               ///< with {name}, {pid}, {time}; "" for standardSaveTo()

    static constexpr int kMostSeconds = 86'400, kMostMebibytes = 1'048'576;

    QByteArray toJson() const;
    /// What is missing or makes no sense (another version's, edited by hand) is as at first.
    static RecordSettings fromJson(const QByteArray& json);
    /// Among the documents, or at home where there is no such folder.
    static QString standardSaveTo();
};

} // namespace opscope
