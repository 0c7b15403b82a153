#pragma once

#include "widgets/common/Theme.h"

#include <QSyntaxHighlighter>

namespace opscope {

/// Keys dim, values clear, our own remark about a cut in the colour of warnings. Looks at one line at a time.
class JsonHighlighter : public QSyntaxHighlighter
{
    Q_OBJECT

public:
    explicit JsonHighlighter(QTextDocument* document) : QSyntaxHighlighter(document) {}
    void setTheme(const Theme& theme);

protected:
    void highlightBlock(const QString& line) override;

private:
    QTextCharFormat m_key, m_mark;
};

} // namespace opscope
