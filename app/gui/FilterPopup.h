#pragma once

#include "widgets/document/ViewSettings.h"
#include "core/query/Filter.h"

#include <QFrame>

#include <optional>
#include <string>

class QLabel;
class QListWidget;

namespace opscope {

/// What hangs under the filter field: what may stand at the cursor, and what is wrong with the text. A child of the window that
/// never takes the focus, so that typing goes on.
class FilterPopup : public QFrame
{
    Q_OBJECT

public:
    FilterPopup(ViewSettings& settings, QWidget* field);

    enum class Tone : std::uint8_t { Hint, Error };
    /// Nothing is chosen at first, so that Enter means the field. No choices: none are shown.
    void setChoices(const Completions& choices);
    void setMessage(Tone tone, const QString& sentence, const QString& inForce);
    void clearMessage();
    /// Shows itself under the field when it has something to say, else hides.
    void place();
    bool offers() const { return !m_choices.choices.empty(); }
    const Completions& choices() const { return m_choices; }
    void move(int rows);                    ///< the chosen row; from none down to the first, from the first up to none
    std::optional<std::size_t> chosen() const;
    QString message() const;

Q_SIGNALS:
    void taken(std::size_t choice);         ///< by a click

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void showTheme();

    ViewSettings& m_settings;
    QWidget* m_field;
    QListWidget* m_list;
    QLabel* m_sign;
    QLabel* m_sentence;
    QLabel* m_inForce;
    QWidget* m_foot;
    Completions m_choices;
    Tone m_tone = Tone::Hint;
};

} // namespace opscope
