#pragma once

#include <QWidget>

#include "core/record/RecorderBackend.h"
#include "widgets/common/Theme.h"

#include <functional>
#include <string>
#include <vector>

class QGridLayout;
class QToolButton;

namespace opscope {

/// A grid of named fields as all parts of the right side have it.
inline constexpr int kRecordLabelWidth = 120, kRecordNumberWidth = 88;
/// Labels in front, fields behind: the grid of settings and of what stands beside them.
QGridLayout* makeRecordGrid(QWidget* parent);

/// The settings of a backend as fields, drawn from what it says of them: nothing here knows any backend. Rarer ones are folded.
class RecordFields : public QWidget
{
    Q_OBJECT

public:
    RecordFields(const Theme& theme, std::vector<RecordOption> options, const OptionValues& values, QWidget* parent = nullptr);
    /// Those that are not at their standard.
    OptionValues values() const;
    /// The field of that option, null when there is none; for tests.
    QWidget* field(const std::string& id) const;
    /// What Tab goes through, in order.
    QList<QWidget*> focusOrder() const;
    void showAdvanced(bool show);
    bool showsAdvanced() const;

Q_SIGNALS:
    void changed();

private:
    struct Field
    {
        QWidget* editor = nullptr;
        QWidget* label = nullptr; ///< in front of it, where it has one
        std::function<std::string()> read;
    };
    Field makeField(const RecordOption& option, const std::string& value);
    Field makeNumber(const RecordOption& option, const std::string& value);
    Field makeChoice(const RecordOption& option, const std::string& value);
    Field makePath(const RecordOption& option, const std::string& value);
    void addRow(QGridLayout& grid, const RecordOption& option, const std::string& value);
    void enableWhatIsOf(const RecordOption& option, QWidget& field, QWidget* label);

    Theme m_theme;
    std::vector<RecordOption> m_options;
    std::vector<Field> m_fields;
    QToolButton* m_more = nullptr;
    QWidget* m_advanced = nullptr;
};

} // namespace opscope
