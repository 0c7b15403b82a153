#pragma once

#include <QByteArray>
#include <QString>

#include "core/record/RecorderBackend.h"

#include <cstdint>
#include <map>
#include <string>

namespace opscope {

/// What the record dialog remembers: how was recorded, not what.
struct RecordSettings
{
    /// When a recording ends. PyTorch's own recordings are short: everything is in them, and stopping takes as long as it grows.
    struct Length
    {
        enum class Kind : std::uint8_t { Seconds, Steps, UntilStop };
        Kind kind = Kind::Seconds;
        int seconds = 30;                         ///< 1 to kMostSeconds
        int steps = 3;                            ///< 1 to kMostSteps
        friend bool operator==(const Length&, const Length&) = default;
    };
    std::string backend;                          ///< id; "" for the first one that is possible
    std::string torchBackend, commandBackend;     ///< the same for processes with PyTorch and for new commands
    std::map<std::string, OptionValues> options;  ///< by family, where a backend has none by its id (optionsKey)
    Length length, torchLength{.seconds = 2};     ///< the latter of backends of a family
    int mebibytes = 1024;                         ///< 0: no limit; to kMostMebibytes
    QString saveTo;                               ///< with {name}, {pid}, {time}, the ending may be missing; "" for standardSaveTo()

    static std::string optionsKey(const RecorderBackend& backend) { return std::string(backend.family.empty() ? backend.id : backend.family); }
    static constexpr int kMostSteps = 1'000'000;
    static constexpr int kMostSeconds = 86'400, kMostMebibytes = 1'048'576;

    QByteArray toJson() const;
    /// What is missing or makes no sense (another version's, edited by hand) is as at first.
    static RecordSettings fromJson(const QByteArray& json);
    /// Among the documents, or at home where there is no such folder.
    static QString standardSaveTo();
};

} // namespace opscope
