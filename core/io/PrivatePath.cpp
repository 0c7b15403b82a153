#include "core/io/PrivatePath.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace opscope {
namespace {

bool isSlash(char c) { return c == '/' || c == '\\'; }
bool isLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// Ends a run. Most control characters do not: they are what is left of unescaped backslashes.
bool endsRun(char c)
{
    switch (c) {
    case ' ': case '\t': case '\n': case '\r': case '"': case '\'': case '`': case '<': case '>': case '|': case ';': case ',':
    case '{': case '}': case '[': case ']': case '(': case ')': case '=': case '*': case '?':
        return true;
    default: return false;
    }
}

template <std::size_t N>
bool isOneOf(std::string_view text, const std::array<std::string_view, N>& list)
{
    return std::ranges::find(list, text) != list.end();
}

constexpr auto kStorage = std::to_array<std::string_view>({"file", "s3", "s3a", "gs", "gcs", "hdfs", "abfs", "abfss", "wasb", "viewfs", "manifold", "dbfs",
                                                     "oss", "cos", "nfs"});
/// Folders of the system: the same on every machine.
constexpr auto kSystem = std::to_array<std::string_view>({"usr", "lib", "lib32", "lib64", "bin", "sbin", "etc", "proc", "sys", "dev", "System", "nix",
                                                    "snap", "Windows", "Program Files", "Library"});
constexpr auto kPublicOpt = std::to_array<std::string_view>({"rocm", "conda", "nvidia", "intel", "python", "amdgpu", "homebrew", "hostedtoolcache", "pytorch"});
/// Below these stands what belongs to somebody.
constexpr auto kPrivateRoots = std::to_array<std::string_view>({
    "home", "Users", "root", "mnt", "data", "scratch", "private", "workspace", "workspaces", "nfs", "fsx", "lustre", "gpfs", "work", "var", "tmp",
    "storage", "project", "projects", "app", "opt", "srv", "media", "efs", "shared", "cluster", "Volumes", "content"});
constexpr auto kFileEndings = std::to_array<std::string_view>({
    "py", "pyc", "pyx", "pyi", "c", "cc", "cpp", "cxx", "cu", "cuh", "h", "hh", "hpp", "hip", "s", "so", "a", "o", "json", "gz", "pt", "pth", "bin",
    "safetensors", "txt", "log", "yaml", "yml", "toml", "cfg", "ini", "sh", "ipynb", "ptx", "cubin", "hsaco", "ttir", "ttgir", "onnx", "js", "rs", "go", "csv", "db"});
/// Folders of torch itself, so that a user's folder called torch is not taken for it.
constexpr auto kTorchParts = std::to_array<std::string_view>({"nn", "autograd", "utils", "optim", "cuda", "distributed", "_inductor", "_dynamo", "_functorch", "profiler",
                                                        "jit", "fx", "amp", "ao", "backends", "_ops.py", "_tensor.py", "overrides.py", "serialization.py", "storage.py",
                                                        "_higher_order_ops", "csrc"});

bool isFile(std::string_view file)
{
    const std::size_t dot = file.rfind('.');
    if (dot == std::string_view::npos) return false;
    return isOneOf(file.substr(dot + 1), kFileEndings) || file.find(".so.") != std::string_view::npos; // libcudart.so.12
}

/// A path cut at its slashes, looked at component by component.
class Path
{
public:
    Path(std::string_view text, std::size_t begin, std::size_t end) : m_text(text), m_begin(begin), m_end(end)
    {
        if (end - begin >= 3 && isLetter(text[begin]) && text[begin + 1] == ':' && isSlash(text[begin + 2])) {
            absolute = drive = true;
            begin += 2;
        } else if (text[begin] == '/') {
            absolute = true;
        } else if (end - begin >= 2 && text[begin] == '\\' && text[begin + 1] == '\\') { // \\server\share; one alone is an escape of something
            absolute = drive = true;
        } else if (text[begin] == '~') {
            absolute = home = true;
        }
        upwards = text.substr(begin, 2) == "..";
        walk(begin);
    }

    bool absolute = false;
    bool drive = false;                     ///< of Windows
    bool home = false;                      ///< "~/src"
    bool upwards = false;                   ///< "../src"
    std::size_t count = 0;                  ///< components, without ".", ".." and empty ones
    std::string_view first, second, last;
    std::size_t lastBegin = 0;
    std::size_t marker = std::string_view::npos;  ///< where site-packages or the like begins
    std::string_view user;                  ///< behind home or Users
    bool endsInSlash = false;

private:
    void walk(std::size_t at)
    {
        std::string_view before;
        std::size_t beforeBegin = 0, python = std::string_view::npos, torch = std::string_view::npos;
        while (at < m_end) {
            while (at < m_end && isSlash(m_text[at])) ++at;
            std::size_t end = at;
            while (end < m_end && !isSlash(m_text[end])) ++end;
            const std::string_view part = m_text.substr(at, end - at);
            if (part.empty()) break;
            if (part != "." && part != "..") {
                if (count == 0) first = part;
                if (count == 1) second = part;
                const bool followed = end < m_end;
                if (marker == std::string_view::npos && followed && (part == "site-packages" || part == "dist-packages")) marker = at;
                if (python == std::string_view::npos && followed && part.size() > 6 && part.starts_with("python") && isDigit(part[6])) python = at;
                if (torch == std::string_view::npos && before == "torch" && isOneOf(part, kTorchParts)) torch = beforeBegin;
                const bool homes = (absolute && (before == "home" || before == "Users" || before == "users")) || (upwards && before == "home");
                if (user.empty() && homes && count <= (before == "users" ? 3u : 2u)) user = part;
                before = last = part;
                beforeBegin = lastBegin = at;
                ++count;
            }
            at = end;
        }
        endsInSlash = m_end > m_begin && isSlash(m_text[m_end - 1]);
        if (marker == std::string_view::npos) marker = std::min(python, torch);
    }

    std::string_view m_text;
    std::size_t m_begin, m_end;
};

/// "C:\Users\John Smith\src\a.py": a folder may have a blank or a bracket in its name. Where a slash comes soon behind one and nothing
/// speaks against it, the path goes on: too much replaced is better than half a name kept.
std::size_t extended(std::string_view text, std::size_t begin, std::size_t end)
{
    constexpr std::size_t kAhead = 64;
    for (;;) {
        std::size_t component = end;
        while (component > begin && !isSlash(text[component - 1])) --component;
        const std::string_view name = text.substr(component, end - component);
        if (name.empty() || name.find('.') != std::string_view::npos) return end;
        std::size_t slash = end;
        int breaks = 0;
        for (; slash < text.size() && slash - end < kAhead && !isSlash(text[slash]); ++slash) {
            const char c = text[slash];
            const bool soft = c == ' ' || c == '(' || c == ')' || c == ',' || c == '[' || c == ']' || c == '\'' || c == '=';
            if ((endsRun(c) && !soft) || c == ':' || c == '=') return end;
            if (soft && ++breaks > 6) return end;
            if (c == ' ' && slash + 1 < text.size() && (text[slash + 1] == '-' || isSlash(text[slash + 1]) || text[slash + 1] == '~')) return end;
        }
        if (slash == text.size() || !isSlash(text[slash])) return end;
        if (text[slash - 1] == ' ' || text[slash - 1] == ',' || text[slash - 1] == '(' || text[slash - 1] == '\'') return end; // another path begins here
        if (text[slash - 1] == '.' || text[slash - 1] == '~') return end;
        end = slash;
        while (end < text.size() && !endsRun(text[end]) && text[end] != ':') ++end;
    }
}

std::string spelled(std::string_view path)
{
    std::string out;
    out.reserve(path.size());
    for (const char c : path)
        if (!isSlash(c)) out += c;
        else if (out.empty() || out.back() != '/') out += '/';
    while (out.size() > 1 && out.back() == '/') out.pop_back();
    return out;
}

bool isPublic(const Path& path)
{
    if (isOneOf(path.first, kSystem)) return true;
    if (path.first == "opt") return std::ranges::any_of(kPublicOpt, [&](std::string_view known) { return path.second.starts_with(known); });
    return false;
}

/// A path that a redactor wrote: "/path3", "/path3/train.py", "/path3/site-packages/...".
bool isOurs(const Path& path, std::string_view text, std::size_t tail, std::size_t end)
{
    if (!path.absolute || !isPlaceholder("/" + std::string(path.first))) return false;
    return path.count == 1 || (tail < end && static_cast<std::size_t>(path.first.data() - text.data()) + path.first.size() + 1 == tail);
}

bool isPrivatePath(const Path& path, const TextRun& run, PrivatePlace place, const std::set<std::string, std::less<>>& roots)
{
    if (run.storage) return path.count >= 2;
    if (!path.user.empty() && path.absolute) return true;
    if (!path.absolute) return path.count >= 2 && (!path.user.empty() || place.key == KeyClass::Path);
    if (path.home) return path.count >= 2;
    if (path.count < 2 || isPublic(path)) return false;
    if (path.drive || place.topLevel) return true;
    return isOneOf(path.first, kPrivateRoots) || roots.contains(path.first) || isFile(path.last) || path.marker != std::string_view::npos;
}

} // namespace

TextRun nextRun(std::string_view text, std::size_t at)
{
    while (at < text.size() && (endsRun(text[at]) || text[at] == ':')) ++at;
    TextRun run{at, at, at, false, false};
    bool url = false;
    for (; run.end < text.size() && !endsRun(text[run.end]); ++run.end) {
        const char c = text[run.end];
        if (isSlash(c)) run.slashes = !url;
        if (c != ':' || url) continue;
        const std::string_view behind = text.substr(run.end + 1);
        if (behind.starts_with("//") && run.end > run.begin) {
            run.storage = isOneOf(text.substr(run.begin, run.end - run.begin), kStorage);
            if (run.storage) run.path = run.end + (behind.starts_with("///") ? 3 : 2); // the last slash begins the path
            else url = true;
        } else if (!(run.end == run.begin + 1 && isLetter(text[run.begin]) && !behind.empty() && isSlash(behind[0]))) {
            break; // neither a scheme nor a drive
        }
    }
    return run;
}

PathFinding privatePath(std::string_view text, const TextRun& run, PrivatePlace place, const std::set<std::string, std::less<>>& roots)
{
    PathFinding found;
    found.begin = run.path;
    found.end = run.end;
    Path path(text, found.begin, found.end);
    if (path.absolute && (run.storage || path.drive || !path.user.empty() || (path.count && isOneOf(path.first, kPrivateRoots)))) {
        if (const std::size_t end = extended(text, found.begin, found.end); end != found.end) {
            found.end = end;
            path = Path(text, found.begin, found.end);
        }
    }
    const bool homeItself = !path.user.empty() && path.last.data() == path.user.data();
    const std::size_t file = path.last.find('.');
    found.tail = path.marker != std::string_view::npos                                        ? path.marker
               : file != std::string_view::npos && file > 0 && !path.endsInSlash && !homeItself ? path.lastBegin
                                                                                              : found.end;
    if (isOurs(path, text, found.tail, found.end)) return found;
    if (path.absolute && !path.user.empty() && !isNobody(path.user) && !isPlaceholder(path.user)) found.user = path.user;
    if (path.first == "tmp" && path.absolute && path.user.empty() && !path.drive) {
        // Compilers keep their files below the user's name, which is all that is private there.
        static constexpr std::string_view kInductor = "torchinductor_";
        if (path.count <= 2 && !path.second.starts_with(kInductor)) return found;
        if (path.second.starts_with(kInductor)) {
            const std::string_view user = path.second.substr(kInductor.size());
            if (isNobody(user) || isPlaceholder(user)) return found;
            found.user = user;
            found.userBegin = static_cast<std::size_t>(user.data() - text.data());
            found.userEnd = found.userBegin + user.size();
            return found;
        }
    }
    if (!isPrivatePath(path, run, place, roots)) return found;
    found.folder = spelled(text.substr(found.begin, found.tail - found.begin));
    // "/tmp" alone in front of a file says nothing.
    found.isPrivate = !found.folder.empty();
    return found;
}

} // namespace opscope
