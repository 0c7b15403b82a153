#include "core/io/PrivateKeys.h"

#include <algorithm>
#include <array>
#include <string>

namespace opscope {
namespace {

constexpr std::size_t kLongestKey = 64; // longer ones name nothing we know

struct Named
{
    std::string_view key; ///< lower case, words joined by '_'
    KeyClass kind;
};

/// In events a key must be unmistakable.
constexpr std::array kEventKeys{
    Named{"api_key", KeyClass::Secret}, Named{"access_key", KeyClass::Secret}, Named{"access_token", KeyClass::Secret},
    Named{"auth_token", KeyClass::Secret}, Named{"bp", KeyClass::Fixed}, Named{"cat", KeyClass::Fixed}, Named{"cwd", KeyClass::Path},
    Named{"env", KeyClass::Environment}, Named{"environ", KeyClass::Environment}, Named{"host", KeyClass::Host},
    Named{"host_name", KeyClass::Host}, Named{"hostname", KeyClass::Host}, Named{"id", KeyClass::Fixed}, Named{"job_id", KeyClass::Job},
    Named{"job_name", KeyClass::Job}, Named{"master_addr", KeyClass::Host}, Named{"node_name", KeyClass::Host},
    Named{"password", KeyClass::Secret}, Named{"ph", KeyClass::Fixed}, Named{"private_key", KeyClass::Secret}, Named{"run_id", KeyClass::Job},
    Named{"secret", KeyClass::Secret}, Named{"slurm_job_id", KeyClass::Job}, Named{"user", KeyClass::User}, Named{"user_name", KeyClass::User},
    Named{"username", KeyClass::User}, Named{"version", KeyClass::Version}};

constexpr std::array kTopLevelKeys{
    Named{"cwd", KeyClass::Path}, Named{"directory", KeyClass::Path}, Named{"home", KeyClass::Path}, Named{"log_dir", KeyClass::Path},
    Named{"output_dir", KeyClass::Path}, Named{"path", KeyClass::Path}, Named{"pwd", KeyClass::Path}, Named{"tracename", KeyClass::Path},
    Named{"trace_name", KeyClass::Path}, Named{"working_directory", KeyClass::Path},
    Named{"computername", KeyClass::Host}, Named{"fqdn", KeyClass::Host}, Named{"host", KeyClass::Host}, Named{"host_name", KeyClass::Host}, Named{"hostname", KeyClass::Host}, Named{"hosts", KeyClass::Host},
    Named{"hostnames", KeyClass::Host}, Named{"ip", KeyClass::Host}, Named{"ip_addr", KeyClass::Host}, Named{"ip_address", KeyClass::Host},
    Named{"ipaddr", KeyClass::Host}, Named{"machine_name", KeyClass::Host}, Named{"master_addr", KeyClass::Host},
    Named{"master_address", KeyClass::Host}, Named{"node", KeyClass::Host}, Named{"node_ip", KeyClass::Host}, Named{"nodename", KeyClass::Host},
    Named{"nodelist", KeyClass::Host}, Named{"server", KeyClass::Host}, Named{"slurm_nodelist", KeyClass::Host},
    Named{"slurm_job_nodelist", KeyClass::Host},
    Named{"author", KeyClass::User}, Named{"email", KeyClass::User}, Named{"login", KeyClass::User}, Named{"logname", KeyClass::User},
    Named{"owner", KeyClass::User}, Named{"started_by", KeyClass::Environment}, Named{"unixname", KeyClass::User}, Named{"user", KeyClass::User},
    Named{"user_email", KeyClass::User}, Named{"user_name", KeyClass::User}, Named{"username", KeyClass::User},
    Named{"job", KeyClass::Job}, Named{"torchelastic_run_id", KeyClass::Job}, Named{"wandb_run_id", KeyClass::Job},
    Named{"env", KeyClass::Environment}, Named{"env_vars", KeyClass::Environment}, Named{"environ", KeyClass::Environment},
    Named{"environment", KeyClass::Environment}, Named{"environment_variables", KeyClass::Environment},
    Named{"os_environ", KeyClass::Environment}};

/// "Host-Name" -> "host_name"; "" when too long to be one of ours.
std::string_view normalised(std::string_view key, std::array<char, kLongestKey>& room)
{
    if (key.size() > kLongestKey) return {};
    std::transform(key.begin(), key.end(), room.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c == '-' || c == ' ' || c == '.' ? '_' : c;
    });
    return {room.data(), key.size()};
}

template <std::size_t N>
KeyClass lookUp(const std::array<Named, N>& list, std::string_view key)
{
    for (const Named& named : list)
        if (named.key == key) return named.kind;
    return KeyClass::None;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool looksLikeVariable(std::string_view key)
{
    return key.size() > 2 && std::ranges::all_of(key, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

/// Lower case.
bool saysSecret(std::string_view key)
{
    for (const std::string_view part : {"password", "passwd", "secret", "credential", "api_key", "apikey", "access_key", "private_key", "access_token",
                                        "auth_token"})
        if (contains(key, part)) return true;
    return false;
}

/// Which (length, first letter) occur among the keys of events: nearly every key is none of them, and is asked no further.
constexpr std::array<std::uint32_t, kLongestKey + 1> firstLetters()
{
    std::array<std::uint32_t, kLongestKey + 1> table{};
    for (const Named& named : kEventKeys) table[named.key.size()] |= 1u << (named.key[0] - 'a');
    return table;
}

} // namespace

bool isSecretName(std::string_view name)
{
    std::array<char, kLongestKey> room;
    const std::string_view key = normalised(name, room);
    if (saysSecret(key)) return true;
    const auto endsIn = [key](std::string_view end) { return key == end || (key.ends_with(end) && key[key.size() - end.size() - 1] == '_'); };
    return endsIn("token") || endsIn("key") || endsIn("passphrase");
}

bool isSecretVariable(std::string_view name)
{
    while (name.starts_with('-')) name.remove_prefix(1);
    std::array<char, kLongestKey> room;
    return saysSecret(normalised(name, room)) || (looksLikeVariable(name) && isSecretName(name));
}

KeyClass eventKeyClass(std::string_view key)
{
    static constexpr auto kFirst = firstLetters();
    if (key.empty() || key.size() > kLongestKey) return KeyClass::None;
    const char first = static_cast<char>(key[0] | 0x20);
    if (first >= 'a' && first <= 'z' && (kFirst[key.size()] >> (first - 'a') & 1)) {
        std::array<char, kLongestKey> room;
        if (const KeyClass found = lookUp(kEventKeys, normalised(key, room)); found != KeyClass::None) return found;
    }
    // An argument called "key" is a tensor of an attention; only what is spelled as a variable is a secret.
    return looksLikeVariable(key) && isSecretName(key) ? KeyClass::Secret : KeyClass::None;
}

KeyClass topLevelKeyClass(std::string_view key)
{
    std::array<char, kLongestKey> room;
    const std::string_view name = normalised(key, room);
    if (name.empty()) return KeyClass::None;
    if (isSecretName(key)) return KeyClass::Secret;
    if (const KeyClass found = lookUp(kTopLevelKeys, name); found != KeyClass::None) return found;
    if (name.ends_with("version")) return KeyClass::Version;
    for (const std::string_view end : {"job_id", "jobid", "job_name", "run_id", "_job"})
        if (name.ends_with(end)) return KeyClass::Job;
    for (const std::string_view end : {"_user", "_username", "_owner"})
        if (name.ends_with(end)) return KeyClass::User;
    for (const std::string_view end : {"_host", "hostname", "_host_name", "_addr", "node_name"})
        if (name.ends_with(end)) return KeyClass::Host;
    return KeyClass::None;
}

bool isNobody(std::string_view name)
{
    static constexpr std::array<std::string_view, 36> kNobody{
        "root", "user", "users", "admin", "ubuntu", "debian", "centos", "fedora", "ec2-user", "azureuser", "nobody", "guest", "runner", "jovyan",
        "vscode", "docker", "daemon", "home", "shared", "public", "default", "localhost", "localhost.localdomain", "127.0.0.1", "0.0.0.0", "::1",
        "unknown", "none", "null", "n/a", "test", "data", "models", "src", "lib", "tmp"};
    return name.size() < 2 || std::ranges::find(kNobody, name) != kNobody.end();
}

} // namespace opscope
