#pragma once

#include "widgets/detail/DetailSection.h"

namespace opscope {

/// Small makers that all sections share. Text from files is cleaned and cut to what a pane can show.

inline constexpr std::size_t kShownBytes = 2000;   ///< of one value; the rest is in Raw

DetailRun value(const QString& text, const QString& plain = {});
DetailRun words(const QString& text);
DetailRun dim(const QString& text);
DetailRun warning(const QString& text);
DetailRun link(const QString& text, SliceId slice);
DetailRun link(const QString& text, NodeId node);
DetailRun link(const QString& text, TensorId tensor);
/// A link with the colour square of the thing in front.
DetailRun marked(const Trace& trace, SliceId slice);
DetailRun marked(const Trace& trace, NodeId node);
DetailRun tagged(const QString& text, Tag tag = Tag::Solid);
DetailRun durationRun(Nanos time);                  ///< short: "12.7 µs"; a copy gives nanoseconds
DetailRun number(std::int64_t number);              ///< an id: digits only
DetailRun counted(std::int64_t count);              ///< "14,388"; a copy gives 14388
DetailRun timeRun(Nanos time);                      ///< exact; a copy gives "345242379 ns"
DetailRun bytesRun(std::int64_t bytes);             ///< "12.25 MiB"; a copy gives the number
DetailRun none();                                   ///< "–"

/// A JSON value: strings unescaped, numbers by their digits, lists and objects as written; cut at kShownBytes.
DetailRun jsonRun(JsonDocument::Ref json);
QString jsonText(JsonDocument::Ref json, std::size_t bytes = kShownBytes);
QString cutText(std::string_view utf8, std::size_t bytes = kShownBytes);
/// a - b, held at the ends of 64 bits.
Nanos timeDifference(Nanos a, Nanos b);

/// The argument with this key, marked as shown; invalid when there is none.
JsonDocument::Ref take(DetailContext& context, std::string_view key);
/// Bytes per element of a short dtype ("f32"); 0 when unknown.
int itemSize(std::string_view shortDtype);

// The sections; see DetailSections.cpp for their order.
std::vector<DetailBlock> timeBlocks(DetailContext& context);
std::vector<DetailBlock> linkBlocks(DetailContext& context);
std::vector<DetailBlock> shapeBlocks(DetailContext& context);
std::vector<DetailBlock> launchBlocks(DetailContext& context);
std::vector<DetailBlock> memoryBlocks(DetailContext& context);
std::vector<DetailBlock> collectiveBlocks(DetailContext& context);
std::vector<DetailBlock> processGroupBlocks(DetailContext& context);
std::vector<DetailBlock> codeBlocks(DetailContext& context);
std::vector<DetailBlock> stackBlocks(DetailContext& context);
std::vector<DetailBlock> idBlocks(DetailContext& context);
std::vector<DetailBlock> argumentBlocks(DetailContext& context);
std::vector<DetailBlock> tensorBlocks(DetailContext& context);
std::vector<DetailBlock> tensorLifeBlocks(DetailContext& context);
std::vector<DetailBlock> dependencyBlocks(DetailContext& context);
std::vector<DetailBlock> scalarBlocks(DetailContext& context);
std::vector<DetailBlock> nodeBlocks(DetailContext& context);
std::vector<DetailBlock> attributeBlocks(DetailContext& context);
std::vector<DetailBlock> sourceBlocks(DetailContext& context);

} // namespace opscope
