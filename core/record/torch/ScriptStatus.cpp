#include "core/record/torch/ScriptStatus.h"

#include "core/record/Presentable.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace opscope::torch {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxStatus = 1u << 20, kMaxText = 4096, kMaxNotes = 64, kMaxFiles = 64, kMaxName = 255;
constexpr int kMaxDepth = 4;

constexpr std::array<std::pair<std::string_view, ScriptStatus::Phase>, 8> kPhases = {{
    {"started", ScriptStatus::Phase::Started},
    {"waiting", ScriptStatus::Phase::Waiting},
    {"warming", ScriptStatus::Phase::Warming},
    {"recording", ScriptStatus::Phase::Recording},
    {"stopping", ScriptStatus::Phase::Stopping},
    {"writing", ScriptStatus::Phase::Writing},
    {"done", ScriptStatus::Phase::Done},
    {"error", ScriptStatus::Phase::Error},
}};

std::string shownText(const std::string& text)
{
    std::string shown = presentable(std::string_view(text).substr(0, kMaxText));
    if (shown.size() <= kMaxText) return shown;
    std::size_t end = kMaxText; // mending has made it longer
    while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xc0) == 0x80) --end;
    shown.resize(end);
    return shown;
}

/// The name of something in the exchange folder, and of nothing elsewhere.
bool isPlainName(const std::string& name)
{
    if (name.empty() || name.size() > kMaxName || name.front() == '.') return false;
    for (const char c : name)
        if (c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    return true;
}

/// Reads the keys of one object; a key that is missing or null leaves what is there, one of a wrong kind is remembered.
class Keys
{
public:
    explicit Keys(const Json& object) : m_object(object) {}

    void read(const char* key, std::string& into)
    {
        if (const Json* value = find(key, value_t::string)) into = shownText(value->get_ref<const std::string&>());
    }
    void read(const char* key, bool& into)
    {
        if (const Json* value = find(key, value_t::boolean)) into = value->get<bool>();
    }
    template <class Integer>
    void readInteger(const char* key, Integer& into, std::int64_t least, std::int64_t most)
    {
        const Json* value = find(key, value_t::number_integer, value_t::number_unsigned);
        if (!value) return;
        const bool huge = value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (const std::int64_t number = huge ? 0 : value->get<std::int64_t>(); !huge && number >= least && number <= most)
            into = static_cast<Integer>(number);
        else
            fail(key);
    }
    void readNumber(const char* key, double& into)
    {
        const Json* value = find(key, value_t::number_integer, value_t::number_unsigned, value_t::number_float);
        if (!value) return;
        if (const double number = value->get<double>(); std::isfinite(number))
            into = number;
        else
            fail(key);
    }
    const Json* object(const char* key) { return find(key, value_t::object); }
    /// At most `most` texts; others are left out.
    template <class Take>
    void readTexts(const char* key, std::size_t most, Take take)
    {
        const Json* value = find(key, value_t::array);
        if (!value) return;
        for (std::size_t i = 0; i < value->size() && i < most; ++i)
            if (!(*value)[i].is_string() || !take((*value)[i].get_ref<const std::string&>())) return fail(key);
    }
    void fail(const char* key)
    {
        if (m_wrong.empty()) m_wrong = key;
    }
    const std::string& wrong() const { return m_wrong; }

private:
    using value_t = Json::value_t;
    template <class... Kinds>
    const Json* find(const char* key, Kinds... kinds)
    {
        const auto found = m_object.find(key);
        if (found == m_object.end() || found->is_null()) return nullptr;
        if (((found->type() == kinds) || ...)) return &*found;
        fail(key);
        return nullptr;
    }

    const Json& m_object;
    std::string m_wrong;
};

Error bad(std::string_view why)
{
    return {ErrorCode::Malformed, std::string(why), {}};
}

void readRest(Keys& keys, ScriptStatus& status)
{
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    keys.readInteger("pid", status.pid, 0, std::numeric_limits<pid_t>::max());
    if (int rank = -1; keys.readInteger("rank", rank, -1, std::numeric_limits<int>::max()), rank >= 0) status.rank = rank;
    keys.read("python", status.python);
    keys.read("torch", status.torch);
    keys.read("kineto", status.kineto);
    keys.read("cuda", status.cuda);
    keys.readInteger("start_ns", status.startNs, 0, kMost);
    keys.readInteger("stop_ns", status.stopNs, 0, kMost);
    keys.readInteger("events", status.events, -1, kMost);
    keys.readInteger("nodes", status.nodes, -1, kMost);
    keys.readInteger("step", status.step, -1, kMost);
    keys.readNumber("stall_ms", status.stallMs);
    keys.readTexts("notes", kMaxNotes, [&](const std::string& note) { return status.notes.push_back(shownText(note)), true; });
    keys.readTexts("files", kMaxFiles, [&](const std::string& name) { return isPlainName(name) && (status.files.push_back(name), true); });
    if (const Json* error = keys.object("error")) {
        Keys inner(*error);
        inner.read("code", status.errorCode);
        inner.read("text", status.error);
        if (!inner.wrong().empty()) keys.fail("error");
        if (status.errorCode.empty()) status.errorCode = "failed";
    }
}

} // namespace

Result<ScriptStatus> parseStatus(std::string_view json)
{
    if (json.size() > kMaxStatus) return bad("it is too long");
    bool deep = false;
    const auto shallow = [&](int depth, Json::parse_event_t, Json&) { return !(deep |= depth > kMaxDepth); };
    const Json parsed = Json::parse(json.begin(), json.end(), shallow, false);
    if (parsed.is_discarded() || deep || !parsed.is_object()) return bad("it is not what the recorder writes");
    Keys keys(parsed);
    ScriptStatus status;
    std::string phase;
    keys.read("phase", phase);
    bool known = false;
    for (const auto& [name, value] : kPhases)
        if (name == phase) status.phase = value, known = true;
    if (!known) keys.fail("phase");
    keys.read("id", status.id);
    readRest(keys, status);
    if (!keys.wrong().empty()) return bad("\"" + keys.wrong() + "\" has no sense");
    return status;
}

} // namespace opscope::torch
