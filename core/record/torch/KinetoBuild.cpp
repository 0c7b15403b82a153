#include "core/record/torch/KinetoBuild.h"

#include "core/record/sampling/ElfFile.h"

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <sys/stat.h>

namespace opscope::torch {

namespace {

using sampling::ElfFile;

constexpr std::uint64_t kMostBytes = 128u << 20; ///< of a section: libtorch_cpu has 5 MB of names and 18 MB of texts
constexpr std::size_t kMostFiles = 256;

std::optional<std::string_view> contentOf(const ElfFile& file, std::string_view name)
{
    const auto section = file.section(name);
    if (!section || section->header.sh_size > kMostBytes || section->header.sh_type == SHT_NOBITS) return std::nullopt;
    const Elf_Data* data = file.data(*section);
    if (!data || !data->d_buf) return std::nullopt;
    return std::string_view(static_cast<const char*>(data->d_buf), data->d_size);
}

/// Nothing: the file does not let us know.
std::optional<bool> kinetoIn(const ElfFile& file)
{
    if (!file) return std::nullopt;
    const auto names = contentOf(file, ".dynstr");
    if (names && names->find("N9libkineto") != names->npos) return true; // of its name space, defined here or wanted from another library
    const auto texts = contentOf(file, ".rodata");
    if (!names || !texts) return std::nullopt;
    for (const std::string_view text : {"Registering daemon config loader", "/etc/libkineto.conf", "ACTIVITIES_LOG_FILE"}) // builds that hide their symbols
        if (texts->find(text) != texts->npos) return true;
    return false;
}

/// What was found in files that do not change.
class Remembered
{
public:
    using Key = std::array<std::int64_t, 5>;
    std::optional<bool> find(const Key& key)
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_answers.find(key);
        return found == m_answers.end() ? std::nullopt : std::optional(found->second);
    }
    void add(const Key& key, bool answer)
    {
        const std::lock_guard lock(m_mutex);
        if (m_answers.size() >= kMostFiles) m_answers.clear();
        m_answers[key] = answer;
    }

private:
    std::mutex m_mutex;
    std::map<Key, bool> m_answers;
};

} // namespace

bool hasKineto(const sampling::TargetFiles& files, const sampling::Mapping& mapping)
{
    static Remembered remembered;
    sampling::FileHandle file = files.openMapped(mapping);
    struct stat about{};
    if (!file || ::fstat(file.get(), &about) != 0) return true;
    const Remembered::Key key{static_cast<std::int64_t>(about.st_dev), static_cast<std::int64_t>(about.st_ino), about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec};
    if (const auto known = remembered.find(key)) return *known;
    const bool answer = kinetoIn(ElfFile(std::move(file))).value_or(true);
    remembered.add(key, answer);
    return answer;
}

} // namespace opscope::torch
