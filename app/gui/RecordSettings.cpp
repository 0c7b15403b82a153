#include "app/gui/RecordSettings.h"

#include "app/gui/RecordText.h"
#include "widgets/common/Text.h"

#include <QDir>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>

namespace opscope {
namespace {

int within(const QJsonValue& value, int low, int high, int standard)
{
    const int number = value.toInt(standard);
    return number >= low && number <= high ? number : standard;
}

} // namespace

QString RecordSettings::standardSaveTo()
{
    const QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    const QString folder = !documents.isEmpty() && QDir(documents).exists() ? documents : QDir::homePath();
    return shortPath(folder + QStringLiteral("/{name}-{pid}-{time}.fxt"));
}

QByteArray RecordSettings::toJson() const
{
    QJsonObject all{{QStringLiteral("backend"), QString::fromStdString(backend)}, {QStringLiteral("limited"), limited},
                    {QStringLiteral("seconds"), seconds}, {QStringLiteral("mebibytes"), mebibytes}, {QStringLiteral("saveTo"), saveTo}};
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
    settings.limited = all.value(QStringLiteral("limited")).toBool(settings.limited);
    settings.seconds = within(all.value(QStringLiteral("seconds")), 1, kMostSeconds, settings.seconds);
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
