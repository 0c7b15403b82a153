#pragma once

#include <QTimer>
#include <QWidget>

#include "app/gui/RecordSetup.h"
#include "core/record/Recorder.h"
#include "widgets/common/Theme.h"

#include <deque>

class QLabel;
class QPlainTextEdit;
class QProgressBar;
class QVBoxLayout;

namespace opscope {

class ElidedLabel;

/// How busy the target has been, over the last minute: a step line as counters of the timeline have it.
class RecordCpuLine : public QWidget
{
    Q_OBJECT

public:
    explicit RecordCpuLine(const Theme& theme, QWidget* parent = nullptr);
    void clear();
    /// `processors` < 0: not known.
    void add(std::chrono::milliseconds elapsed, double processors);
    QSize sizeHint() const override { return {320, 44}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Point
    {
        std::chrono::milliseconds at;
        double processors;
    };
    Theme m_theme;
    std::deque<Point> m_points;
};

/// The page of the record dialog while it records: time, samples, what was lost, size, how busy the target is, what is to be known.
class RecordProgress : public QWidget
{
    Q_OBJECT

public:
    RecordProgress(const Theme& theme, Recorder& recorder, QWidget* parent = nullptr);
    /// Before the recorder is started.
    void begin(const RecordWish& wish, const QString& where);
    /// One figure as it stands there: "time", "samples", "lost", "size", "cpu"; for tests.
    QString figure(const char* id) const;
    QString step() const;
    QStringList notes() const { return m_notes; }
    /// What the command prints, the last kMostLines lines of it; hidden while it has printed nothing.
    QPlainTextEdit& output() { return *m_output; }
    static constexpr int kMostLines = 2000;

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    struct Figure
    {
        const char* id;
        QLabel *value, *of;
    };
    QWidget* makeFigures();
    QLabel& value(const char* id);
    void setFigure(const char* id, const QString& text, const QString& of = {});
    void look();
    void showBar(const RecordStatus& status);
    void showStep(const RecordStatus& status, const QString& text);
    void addNote(const QString& note);

    Theme m_theme;
    Recorder& m_recorder;
    QLabel* m_sign;
    ElidedLabel *m_what, *m_where;
    std::vector<Figure> m_figures;
    RecordCpuLine* m_cpu;
    QProgressBar* m_bar;
    QLabel* m_step;
    QPlainTextEdit* m_output;
    bool m_counts = true;     ///< samples: else they are no figure
    QVBoxLayout* m_noteColumn;
    QStringList m_notes;
    QTimer m_timer;
};

} // namespace opscope
