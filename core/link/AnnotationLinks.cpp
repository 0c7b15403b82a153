#include "core/link/LinkBuilder.h"

#include <algorithm>

// Annotations on the host and their spans on devices, one a stream (linking.md 2.7).
namespace opscope {

void LinkBuilder::linkAnnotations()
{
    const SliceTable& slices = m_trace.m_slices;
    ReportRow& out = row("gpu_annotation_to_annotation", "GPU annotation to annotation");
    Finding missing{"annotation-missing", "GPU annotation names no annotation of the recording", "GPU annotations name no annotation of the recording"};
    Finding renamed{"annotation-renamed", "GPU annotation has another name than the annotation with its id",
                    "GPU annotations have other names than the annotations with their ids", false};
    for (const SourceRows& source : m_sources) {
        if (source.gpuAnnotations.empty()) continue;
        std::vector<IdRow> annotations; // few: ids of operators, which are many, are not even looked at
        for (const TrackId id : source.tracks) {
            const Track& track = m_trace.track(id);
            for (std::uint32_t row = track.firstSlice; m_hasOperators[id.index()] && row < track.firstSlice + track.sliceCount; ++row) {
                if (kind(SliceId(row)) != CategoryClass::UserAnnotation) continue;
                const std::int64_t external = arg(SliceId(row), ArgField::ExternalId);
                if (external != BlockColumn::kNone && external != 0) annotations.push_back({static_cast<std::uint64_t>(external), SliceId(row)});
            }
        }
        // Iterations repeat names, and hostile files ids: by name and start within an id, so that each is found by halving.
        const auto key = [&](SliceId s) { return std::pair(slices.name(s), slices.start(s)); };
        std::sort(annotations.begin(), annotations.end(), [&](const IdRow& a, const IdRow& b) {
            return a.id != b.id ? a.id < b.id : key(a.slice) < key(b.slice);
        });
        for (const SliceId device : source.gpuAnnotations) {
            const std::int64_t arg = this->arg(device, ArgField::ExternalId);
            const auto id = arg == BlockColumn::kNone ? 0 : static_cast<std::uint64_t>(arg);
            const auto same = std::ranges::equal_range(annotations, id, {}, &IdRow::id);
            const auto behind = std::partition_point(same.begin(), same.end(), [&](const IdRow& row) { return key(row.slice) <= key(device); });
            SliceId host;
            if (behind != same.begin()) host = std::prev(behind)->slice;
            const bool named = host && slices.name(host) == slices.name(device);
            if (!named && !same.empty()) host = behind != same.end() ? behind->slice : host;
            const bool sameName = host && slices.name(host) == slices.name(device);
            if (!id || !host || (source.externalIdsRepeat && !sameName)) { // an id that may be a correlation proves nothing alone
                missing.add(device);
                continue;
            }
            const LinkConfidence confidence = sameName ? LinkConfidence::Exact : LinkConfidence::Inferred;
            add(host, device, LinkKind::Annotation, LinkMethod::ExternalId, confidence);
            out.matched(LinkMethod::ExternalId, confidence);
            if (!sameName) renamed.add(device);
        }
    }
    report(out, std::move(missing));
    report(out, std::move(renamed));
}

} // namespace opscope
