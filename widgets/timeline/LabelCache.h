#pragma once

#include <QFont>
#include <QString>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace opscope {

/// A text rendered once as coverage, with the places where it may be cut.
struct LabelMask
{
    int width = 0, height = 0;           ///< device pixels
    std::vector<std::uint8_t> coverage;  ///< width * height
    std::vector<std::uint16_t> cuts;     ///< right edge of each visible cluster, ascending
};

/// Masks of the labels of one font and pixel ratio. A frame may show thousands of labels of a few hundred texts; drawing a
/// mask costs well under a microsecond, laying out its text twenty.
class LabelCache
{
public:
    void setFont(const QFont& font, double pixelRatio);
    /// How many new masks may be rendered until the next call. Those beyond are missing, and missed() says so.
    void allowNew(int count);
    bool missed() const { return m_missed; }
    /// `key` stands for the text as long as nobody calls clear(). Null when it is new and no more may be rendered.
    const LabelMask* mask(std::uint32_t key, const QString& text);
    const LabelMask* countMask(std::uint32_t count);  ///< "×14"
    const LabelMask& ellipsis() const { return m_ellipsis; }
    void clear();

private:
    static constexpr int kMaxWidth = 720;             ///< logical; longer texts are cut by then anyway
    static constexpr std::size_t kMaxBytes = 24u << 20;
    LabelMask render(const QString& text) const;
    bool mayRender();

    QFont m_font;
    double m_ratio = 1;
    LabelMask m_ellipsis;
    std::size_t m_bytes = 0;
    int m_allowed = 0;
    bool m_missed = false;
    std::unordered_map<std::uint32_t, LabelMask> m_masks, m_counts;
};

} // namespace opscope
