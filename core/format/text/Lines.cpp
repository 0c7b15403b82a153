#include "core/format/text/Lines.h"

#include "core/base/StringPool.h"

#include <array>
#include <ostream>

namespace opscope {

namespace {

constexpr std::array<std::string_view, kArgFields> kFieldNames = {
    "correlation", "external", "rf", "seq", "fwd", "index", "device", "stream", "bytes", "signature", "waits"};

} // namespace

RowText& RowText::quoted(std::string_view text)
{
    m_text += '"';
    m_text += withoutControls(text);
    m_text += '"';
    return *this;
}

RowText& RowText::keyField(std::string_view name, const Trace& trace, const TrackKey& key)
{
    if (key.kind == TrackKey::Kind::None) return *this;
    raw(" ").raw(name).raw("=");
    if (key.kind == TrackKey::Kind::Text) return quoted(trace.text(key.text));
    return raw(withoutControls(trace.keyText(key)));
}

RowText& RowText::arguments(const Trace& trace, SliceId slice)
{
    for (std::size_t f = 0; f < kArgFields; ++f) {
        const std::int64_t value = trace.slices().arg(slice, static_cast<ArgField>(f));
        if (value == BlockColumn::kNone) continue;
        if (static_cast<ArgField>(f) == ArgField::Signature) {
            const Signature& s = trace.signatures()[SignatureId(static_cast<std::uint32_t>(value))];
            textField("dims", trace, s.dims).textField("types", trace, s.types).textField("strides", trace, s.strides);
        } else {
            field(kFieldNames[f], value);
        }
    }
    return *this;
}

RowText& RowText::tensor(const Trace& trace, const TensorDesc& t)
{
    field("argument", t.argument).field("id", t.tensorId).field("storage", t.storageId).field("offset", t.offset);
    field("elements", t.elements).field("item", t.itemSize).textField("type", trace, t.dtype).textField("device", trace, t.device);
    return textField("shape", trace, t.shape).textField("strides", trace, t.strides);
}

RowText& RowText::nodeFields(const Trace& trace, const EtNode& n)
{
    quoted(trace.text(n.name)).textField("schema", trace, n.schema);
    field("rf", n.rfId).field("seq", n.seqId).field("tid", n.tid).field("fw_tid", n.fwTid);
    field("fw_parent", n.fwParent).field("scope", n.scope);
    textField("backend", trace, n.kernelBackend).textField("file", trace, n.kernelFile);
    textField("range", trace, n.tensorRange).textField("collective", trace, n.collective);
    return textField("group", trace, n.processGroup);
}

bool Lines::flush()
{
    m_out.write(m_text.data(), static_cast<std::streamsize>(m_text.size()));
    m_text.clear();
    return m_out.good() && !m_job.cancelled();
}

} // namespace opscope
