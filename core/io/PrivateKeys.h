#pragma once

#include <cstdint>
#include <string_view>

namespace opscope {

/// What kind of private thing a text is.
enum class PrivateKind : std::uint8_t { Host, User, Path, Job, Environment, Secret };

/// What a JSON key says of its value.
enum class KeyClass : std::uint8_t {
    None,         ///< nothing: only what the text itself shows is private
    Host, User, Job,
    Path,         ///< a path also when it is relative
    Environment,  ///< an object of environment variables, or the value of one
    Secret,       ///< a password or a token: never kept, never shown
    Version,      ///< "12.4.5.8" is no address here
    Fixed         ///< structure of the format: ids, phases, categories
};

/// Keys of events and nodes: few, so that no argument of an operator is taken for a person.
KeyClass eventKeyClass(std::string_view key);
/// Keys inside top-level entries, which hold what a program or a scheduler wrote down about itself.
KeyClass topLevelKeyClass(std::string_view key);
/// "HF_TOKEN", "WANDB_API_KEY", "--password": names of variables and options whose values are secrets.
bool isSecretName(std::string_view name);
/// The same, where any word may stand: "key" is an argument of a sort, "HF_KEY" is none.
bool isSecretVariable(std::string_view name);

/// Names that tell nothing (root, ubuntu, localhost) or are too common as words to be replaced outside of the place of a name.
bool isNobody(std::string_view name);

} // namespace opscope
