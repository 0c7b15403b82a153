#pragma once

#include <QTimer>
#include <QWidget>

#include "app/gui/RecordProcessTable.h"
#include "app/gui/RecordSettings.h"
#include "app/gui/RecordSurvey.h"
#include "core/base/Result.h"
#include "widgets/common/Theme.h"
#include "widgets/document/Job.h"

#include <memory>
#include <optional>

class QComboBox;
class QLabel;
class QLineEdit;
class QSpinBox;
class QTabBar;
class QToolButton;
class QHBoxLayout;

namespace opscope {

class RecordFields;
class RecordWays;

/// What is to be recorded, complete.
struct RecordWish
{
    const RecorderBackend* backend = nullptr;
    RecordRequest request;
    QString what;     ///< "python train.py", for people
    QString where;    ///< "process 48213"
};

/// The first page of the record dialog: which process or command, which way, with what settings. Processes are looked for by a worker
/// while this can be seen.
class RecordSetup : public QWidget
{
    Q_OBJECT

public:
    enum class Updates : std::uint8_t { Ever, Twice }; ///< Twice: for pictures, which wait until nothing moves
    enum Tab { Running, NewCommand };
    static constexpr int kFirstMs = 350, kEveryMs = 1500; ///< the second look comes soon: how busy processes are is known from then on
    static constexpr int kSettleMs = 2 * kFirstMs;

    /// Where processes are looked for, and what records them.
    struct World
    {
        std::span<const RecorderBackend> backends;
        RecordSurvey::Scan scan;
        RecordSurvey::TorchScan torchScan;
    };
    RecordSetup(const Theme& theme, World world, const RecordSettings& settings, QWidget* parent = nullptr);
    ~RecordSetup() override;

    /// Error: a sentence why nothing can be recorded as things are; empty when there is nothing to say yet.
    Result<RecordWish> wish() const;
    RecordSettings settings() const;
    void setUpdates(Updates updates) { m_updates = updates; }
    /// Chooses that process as soon as it is seen.
    void choosePid(pid_t pid);
    /// Wishes for that way for whatever is recorded.
    void setWay(const std::string& id);
    QString hiddenText() const;

    // For tests
    RecordProcessTable& table() { return *m_table; }
    RecordWays& ways() { return *m_ways; }
    RecordFields* fields() { return m_fields; }
    QLineEdit& search() { return *m_search; }
    QTabBar& tabs() { return *m_tabs; }
    QLineEdit& commandLine() { return *m_command; }
    QLineEdit& workingFolder() { return *m_folder; }
    QLineEdit& environment() { return *m_environment; }
    /// The ranks that can be recorded together with what is chosen, by rank; empty when it is alone.
    const std::vector<QToolButton*>& rankButtons() const { return m_rankButtons; }
    QString why() const;
    QToolButton& chooseForMe() { return *m_chooseForMe; }
    QLineEdit& saveTo() { return *m_saveTo; }
    QSpinBox& lengthNumber() { return *m_lengthNumber; }
    void setLength(RecordSettings::Length::Kind kind);
    QComboBox& lengthKind() { return *m_lengthKind; }
    QSpinBox& sizeLimit() { return *m_size; }
    QToolButton& showHidden() { return *m_showHidden; }
    QString heading() const;

Q_SIGNALS:
    void changed();     ///< what is wished for
    void answered();    ///< whether it is possible

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override; ///< of the search field: keys that walk the list

private:
    QWidget* makeHead();
    QWidget* makeCommandPage();
    QWidget* makeLegend();
    QWidget* makeHow();
    QWidget* makeWhat();
    QWidget* makeLimits();
    QWidget* makeSaveTo();
    void connectParts();
    void connectProcesses();
    void connectCommand();
    void connectWays();
    void connectSaveTo();

    void look(RecordSurvey::Answers answers);
    void seen(std::vector<RecordProcess> processes);
    void chooseFirst();
    void showTab();
    void showChosen();
    void showHidden_();
    void standBy();
    void showWay();
    void showFields();
    void showLength();
    void showRanks();
    void showWhy();
    void rememberLength();
    void rememberWish();
    void startAnew();
    void check();
    void setReadiness(const std::vector<Readiness>& ready);
    RecordSettings::Length& length();
    const RecordSettings::Length& length() const { return const_cast<RecordSetup*>(this)->length(); }
    Result<std::string> path(const RecorderBackend& backend, const RecordTarget& target) const;
    std::string& wishOfKind();
    Result<RecordTarget> target() const;
    std::vector<OptionValues> optionsOfAll() const;

    Theme m_theme;
    std::span<const RecorderBackend> m_backends;
    std::vector<Readiness> m_ready;           ///< as the ways show it
    std::shared_ptr<RecordSurvey> m_survey;   ///< shared with the worker that uses it
    Updates m_updates = Updates::Ever;
    RecordSettings m_settings;                ///< options of backends that are not shown
    int m_looks = 0;
    bool m_touched = false;                   ///< somebody has chosen: nothing is chosen for them any more
    std::optional<pid_t> m_wantedPid;

    QTabBar* m_tabs;
    QLineEdit *m_search, *m_command, *m_folder, *m_environment, *m_saveTo;
    QToolButton *m_refresh, *m_showHidden, *m_chooseForMe;
    QWidget *m_running, *m_commandPage;
    RecordProcessTable* m_table;
    QLabel *m_hidden, *m_heading, *m_why;
    RecordWays* m_ways;
    QWidget* m_fieldsHome;
    RecordFields* m_fields = nullptr;
    std::vector<std::string> m_fieldIds;      ///< whose options they are
    QSpinBox *m_lengthNumber, *m_size;
    QWidget *m_sizeField, *m_ranks;
    QLabel *m_sizeLabel, *m_ranksLabel;
    QHBoxLayout* m_rankRow;
    std::vector<QToolButton*> m_rankButtons;
    std::vector<RecordTarget> m_rankTargets;  ///< by button
    QComboBox* m_lengthKind;
    std::vector<std::shared_ptr<void>> m_standby; ///< of backends, while the list can be seen
    QLabel* m_standbyNote;
    bool m_showing = false;                   ///< fields are filled in by us: nobody has changed anything
    QTimer m_timer, m_typing;
    Job m_looking, m_checking;
};

} // namespace opscope
