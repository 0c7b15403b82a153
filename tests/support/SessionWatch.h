#pragma once

#include <QTest>

#include "core/record/Recorder.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace opscope::test {

/// What a recorder or a session tells, kept.
struct SessionWatch
{
    explicit SessionWatch(RecordSession& session)
    {
        QObject::connect(&session, &RecordSession::recording, &session, [this] { said += "recording "; });
        QObject::connect(&session, &RecordSession::collecting, &session, [this] { said += "collecting "; });
        QObject::connect(&session, &RecordSession::noted, &session, [this](const QString& note) { notes.push_back(note.toStdString()); });
        QObject::connect(&session, &RecordSession::finished, &session, [this](const QString& at, RecordEnd why) {
            said += "finished";
            path = at.toStdString();
            end = why;
        });
        QObject::connect(&session, &RecordSession::failed, &session, [this](const RecordFailure& why, const QString& at) {
            said += "failed";
            failure = why;
            kept = at.toStdString();
        });
    }
    bool over() const { return said.ends_with("finished") || said.ends_with("failed"); }
    bool hasNote(const std::string& part) const
    {
        for (const std::string& note : notes)
            if (note.find(part) != note.npos) return true;
        return false;
    }
    QString notesText() const
    {
        QString all;
        for (const std::string& note : notes) all += QString::fromStdString(note) + QLatin1Char('\n');
        return all;
    }

    std::string said, path, kept; ///< "recording collecting finished"
    std::vector<std::string> notes;
    RecordEnd end = RecordEnd::Failed;
    RecordFailure failure;
};

} // namespace opscope::test
