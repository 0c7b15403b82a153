#include "core/format/fxt/FxtPrelude.h"

#include "core/format/fxt/CutText.h"
#include "core/format/fxt/FxtRecords.h"

#include <algorithm>

namespace opscope::fxt {

namespace {

constexpr std::uint64_t kMaxRegistered = (kMaxRecordWords - 1) * kWord; ///< bytes of a registered text

std::uint64_t head(RecordType type, std::uint64_t words) { return static_cast<std::uint64_t>(type) | words << 4; }
std::uint64_t inlineReference(std::string_view text) { return text.empty() ? 0 : kInlineString | text.size(); }

} // namespace

FxtPrelude::FxtPrelude(const FxtNotes& notes, std::span<const std::uint64_t> kept, const Redactor* redactor, std::string& out)
    : m_notes(notes), m_kept(kept), m_redactor(redactor), m_out(out)
{
}

std::vector<std::uint64_t> FxtPrelude::neededRecords() const
{
    std::vector<std::uint64_t> needed;
    std::uint32_t lastLife = kNoLife;
    const FxtNotes::Clock* lastClock = nullptr;
    for (const std::uint64_t offset : m_kept) {
        const std::uint32_t life = m_notes.providerAt(offset);
        const FxtNotes::Clock* clock = m_notes.clock(life, offset);
        if (life == lastLife && clock == lastClock) continue;
        if (clock) needed.push_back(clock->offset);
        if (const auto info = m_notes.providers()[life].offset) needed.push_back(*info);
        lastLife = life;
        lastClock = clock;
    }
    std::ranges::sort(needed);
    const auto repeated = std::ranges::unique(needed);
    needed.erase(repeated.begin(), repeated.end());
    return needed;
}

void FxtPrelude::padded(std::string_view text)
{
    m_out.append(text);
    m_out.append(wordsOf(text.size()) * kWord - text.size(), '\0');
}

void FxtPrelude::write(std::uint64_t offset, const References& references, std::vector<std::string_view>& texts)
{
    const std::uint32_t life = m_notes.providerAt(offset);
    enter(life, offset);
    writeTexts(life, offset, references, texts);
    std::uint64_t process = 0;
    for (const Reference& reference : references.all) {
        if (reference.kind == Reference::Kind::Thread) writeThread(life, offset, reference, process);
        else if (reference.kind == Reference::Kind::Koid && references.ofObject) needObject(m_notes.object(ObjectType::Process, reference.thread));
        else if (reference.kind == Reference::Kind::Koid) needKoid(reference.thread);
        else if (reference.kind == Reference::Kind::Pointer) needLabel(process, reference.thread);
    }
}

/// The provider and its clock.
void FxtPrelude::enter(std::uint32_t life, std::uint64_t offset)
{
    const FxtNotes::Provider& provider = m_notes.providers()[life];
    if (life != m_current) {
        const auto known = m_lifeOf.find(provider.id);
        const bool implicit = life == 0 && m_current == kNoLife; // what stands in front of all providers is of number 0 already
        const bool sectionDoes = known != m_lifeOf.end() ? known->second == life : life == 0;
        constexpr auto kind = [](MetadataType type) { return static_cast<std::uint64_t>(type) << 16; };
        const std::uint64_t id = std::uint64_t{provider.id} << 20;
        if (const auto info = provider.offset ? m_remembered.find(*provider.offset) : m_remembered.end(); !implicit) {
            if (sectionDoes) word(head(RecordType::Metadata, 1) | kind(MetadataType::ProviderSection) | id);
            else if (info != m_remembered.end()) m_out.append(info->second);
            else word(head(RecordType::Metadata, 1) | kind(MetadataType::ProviderInfo) | id); // its file never said who it is
        }
        if (known != m_lifeOf.end() && known->second != life) m_lives.erase(known->second); // never to come again
        m_lifeOf[provider.id] = life;
        m_current = life;
    }
    Life& tables = m_lives[life];
    const FxtNotes::Clock* clock = m_notes.clock(life, offset);
    if (!clock || clock == tables.clock) return;
    tables.clock = clock;
    if (const auto record = m_remembered.find(clock->offset); record != m_remembered.end()) m_out.append(record->second);
}

// ---------------------------------------------------------------- texts

std::string_view FxtPrelude::originalText(std::uint32_t life, std::uint64_t offset, const Reference& reference) const
{
    if (reference.isInline()) return reference.inlined;
    const FxtNotes::String* string = reference.number ? m_notes.string(life, reference.number, offset) : nullptr;
    return string ? m_notes.text(string->text) : std::string_view();
}

StringId FxtPrelude::redacted(std::string_view text, std::string_view key)
{
    const StringId original = m_texts.intern(text);
    if (!m_redactor) return original;
    const auto [it, isNew] = m_redacted.try_emplace({original, std::string(key)});
    if (isNew) {
        std::string out;
        m_redactor->applyToText(text, key, out);
        it->second = m_texts.intern(out);
    }
    m_redactions += it->second != original;
    return it->second;
}

void FxtPrelude::registerText(std::uint32_t life, std::uint16_t number, StringId id, std::string_view text)
{
    const auto [it, isNew] = m_lives[life].texts.try_emplace(number, id);
    if (!isNew && it->second == id) return;
    it->second = id;
    const std::string_view bytes = cutText(text, kMaxRegistered);
    word(head(RecordType::String, 1 + wordsOf(bytes.size())) | std::uint64_t{number} << 16 | std::uint64_t{bytes.size()} << 32);
    padded(bytes);
}

void FxtPrelude::writeTexts(std::uint32_t life, std::uint64_t offset, const References& references, std::vector<std::string_view>& texts)
{
    texts.assign(references.all.size(), {});
    if (m_redactor) return writeRedactedTexts(life, offset, references, texts);
    for (std::size_t i = 0; i < references.all.size(); ++i) {
        const Reference& r = references.all[i];
        texts[i] = r.inlined;
        if (!r.isText() || r.isInline() || r.number == 0) continue;
        if (const FxtNotes::String* string = m_notes.string(life, r.number, offset)) registerText(life, r.number, string->text, m_notes.text(string->text));
    }
}

/// One number stands for one text in a record, however it is used there: where one use is private, all are.
void FxtPrelude::writeRedactedTexts(std::uint32_t life, std::uint64_t offset, const References& references, std::vector<std::string_view>& texts)
{
    std::map<std::uint16_t, std::pair<StringId, bool>> wanted; // by number; whether it was replaced
    std::string_view key;
    for (std::size_t i = 0; i < references.all.size(); ++i) {
        const Reference& r = references.all[i];
        if (!r.isText()) continue;
        const std::string_view original = originalText(life, offset, r);
        if (r.kind == Reference::Kind::ArgumentName) key = original;
        const StringId text = redacted(original, r.kind == Reference::Kind::ArgumentValue ? key : std::string_view());
        if (r.isInline()) texts[i] = m_texts.view(text);
        if (r.isInline() || !m_notes.string(life, r.number, offset)) continue; // or never registered in front of it, here as there
        const bool replaced = m_texts.view(text) != original;
        const auto [it, isNew] = wanted.try_emplace(r.number, text, replaced);
        if (!isNew && replaced && !it->second.second) it->second = {text, true};
    }
    for (const auto& [number, text] : wanted) registerText(life, number, text.first, m_texts.view(text.first));
}

std::string FxtPrelude::plainText(StringId text)
{
    return std::string(cutText(m_texts.view(redacted(m_notes.text(text), {})), kMaxWrittenString));
}

// ---------------------------------------------------------------- threads, objects, labels

void FxtPrelude::writeThread(std::uint32_t life, std::uint64_t offset, const Reference& reference, std::uint64_t& process)
{
    std::pair koids(reference.process, reference.thread);
    if (reference.number) {
        const auto index = static_cast<std::uint8_t>(reference.number);
        const FxtNotes::Thread* thread = m_notes.thread(life, index, offset);
        if (!thread) return; // never registered in front of it, here as there
        koids = {thread->process, thread->thread};
        const auto [it, isNew] = m_lives[life].threads.try_emplace(index, koids);
        if (isNew || it->second != koids) {
            it->second = koids;
            word(head(RecordType::Thread, 3) | std::uint64_t{index} << 16);
            word(koids.first);
            word(koids.second);
        }
    }
    process = koids.first;
    needObjects(koids.first, koids.second);
}

void FxtPrelude::needObjects(std::uint64_t process, std::uint64_t thread)
{
    if (!m_threadsDone.try_emplace({process, thread}, true).second) return;
    needObject(m_notes.object(ObjectType::Process, process));
    needObject(m_notes.object(ObjectType::Thread, thread, process));
}

bool FxtPrelude::isCopied(std::uint64_t offset) const { return std::ranges::binary_search(m_kept, offset); }

/// Its name, where its own record is not copied.
void FxtPrelude::needObject(const FxtNotes::Object* object)
{
    if (!object || isCopied(object->offset) || !m_objectsDone.insert(object->offset).second) return;
    constexpr std::string_view kProcess = "process";
    const std::string name = plainText(object->name);
    const bool hasProcess = object->type == static_cast<std::uint8_t>(ObjectType::Thread) && object->process;
    const std::uint64_t argumentWords = 2 + wordsOf(kProcess.size());
    word(head(RecordType::KernelObject, 2 + wordsOf(name.size()) + (hasProcess ? argumentWords : 0)) | std::uint64_t{object->type} << 16 |
         inlineReference(name) << 24 | (hasProcess ? std::uint64_t{1} << 40 : 0));
    word(object->koid);
    padded(name);
    if (!hasProcess) return;
    word(static_cast<std::uint64_t>(ArgumentType::Koid) | argumentWords << 4 | inlineReference(kProcess) << 16);
    padded(kProcess);
    word(object->process);
}

/// Whatever has this number: a thread that a switch names, an object in an argument.
void FxtPrelude::needKoid(std::uint64_t koid)
{
    if (!m_koidsDone.insert(koid).second) return;
    const auto objects = m_notes.objects();
    for (auto it = objects.begin(); it != objects.end();) { // one type after the other
        const std::uint8_t type = it->type;
        const FxtNotes::Object* object = m_notes.object(static_cast<ObjectType>(type), koid);
        needObject(object);
        if (object && object->process) needObject(m_notes.object(ObjectType::Process, object->process));
        it = std::partition_point(it, objects.end(), [type](const FxtNotes::Object& o) { return o.type == type; });
    }
}

void FxtPrelude::needLabel(std::uint64_t process, std::uint64_t pointer)
{
    const auto labels = m_notes.userObjects();
    const auto key = [](const FxtNotes::UserObject& o) { return std::pair(o.process, o.pointer); };
    const std::pair wanted(process, pointer);
    const auto found = std::ranges::lower_bound(labels, wanted, {}, key);
    if (found == labels.end() || key(*found) != wanted || !m_objectsDone.insert(found->offset).second) return;
    const std::string name = plainText(found->name);
    word(head(RecordType::UserspaceObject, 3 + wordsOf(name.size())) | inlineReference(name) << 24);
    word(pointer);
    word(process);
    padded(name);
}

} // namespace opscope::fxt
