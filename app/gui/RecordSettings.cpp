#include "app/gui/RecordSettings.h"

#include "app/gui/RecordText.h"
#include "widgets/common/Text.h"

#include <QDir>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>

#include <iterator>

namespace opscope {
namespace {

int within(const QJsonValue& value, int low, int high, int standard)
{
    const int number = value.toInt(standard);
    return number >= low && number <= high ? number : standard;
}

constexpr const char* kKinds[] = {"seconds", "steps", "until stop"}; // RecordSettings::Length::Kind

QJsonObject lengthJson(const RecordSettings::Length& length)
{
    return {{QStringLiteral("kind"), QLatin1String(kKinds[static_cast<std::size_t>(length.kind)])}, {QStringLiteral("seconds"), length.seconds},
            {QStringLiteral("steps"), length.steps}};
}

RecordSettings::Length lengthFrom(const QJsonObject& json, RecordSettings::Length standard)
{
    for (std::size_t kind = 0; kind < std::size(kKinds); ++kind)
        if (json.value(QStringLiteral("kind")).toString() == QLatin1String(kKinds[kind]))
            standard.kind = static_cast<RecordSettings::Length::Kind>(kind);
    standard.seconds = within(json.value(QStringLiteral("seconds")), 1, RecordSettings::kMostSeconds, standard.seconds);
    standard.steps = within(json.value(QStringLiteral("steps")), 1, RecordSettings::kMostSteps, standard.steps);
    return standard;
}

} // namespace

QString RecordSettings::standardSaveTo()
{
    const QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    const QString folder = !documents.isEmpty() && QDir(documents).exists() ? documents : QDir::homePath();
    return shortPath(folder + QStringLiteral("/{name}-{pid}-{time}"));
}

QByteArray RecordSettings::toJson() const
{
    QJsonObject all{{QStringLiteral("backend"), QString::fromStdString(backend)}, {QStringLiteral("torchBackend"), QString::fromStdString(torchBackend)},
                    {QStringLiteral("commandBackend"), QString::fromStdString(commandBackend)}, {QStringLiteral("length"), lengthJson(length)},
                    {QStringLiteral("torchLength"), lengthJson(torchLength)}, {QStringLiteral("mebibytes"), mebibytes}, {QStringLiteral("saveTo"), saveTo}};
    QJsonObject byBackend;
    for (const auto& [id, values] : options) {
        QJsonObject one;
        for (const auto& [option, value] : values)
            one.insert(QString::fromStdString(option), QString::fromStdString(value));
        byBackend.insert(QString::fromStdString(id), one);
    }
    all.insert(QStringLiteral("options"), byBackend);
    return QJsonDocument(all).toJson(QJsonDocument::Compact);
}

RecordSettings RecordSettings::fromJson(const QByteArray& json)
{
    const QJsonObject all = QJsonDocument::fromJson(json).object();
    RecordSettings settings;
    settings.backend = toUtf8(all.value(QStringLiteral("backend")).toString());
    settings.torchBackend = toUtf8(all.value(QStringLiteral("torchBackend")).toString());
    settings.commandBackend = toUtf8(all.value(QStringLiteral("commandBackend")).toString());
    settings.length = lengthFrom(all.value(QStringLiteral("length")).toObject(), settings.length);
    settings.torchLength = lengthFrom(all.value(QStringLiteral("torchLength")).toObject(), settings.torchLength);
    settings.mebibytes = within(all.value(QStringLiteral("mebibytes")), 0, kMostMebibytes, settings.mebibytes);
    settings.saveTo = all.value(QStringLiteral("saveTo")).toString();
    const QJsonObject byBackend = all.value(QStringLiteral("options")).toObject();
    for (auto backend = byBackend.begin(); backend != byBackend.end(); ++backend) {
        const QJsonObject one = backend.value().toObject();
        for (auto option = one.begin(); option != one.end(); ++option)
            if (option.value().isString())
                settings.options[toUtf8(backend.key())][toUtf8(option.key())] = toUtf8(option.value().toString());
    }
    return settings;
}

} // namespace opscope
