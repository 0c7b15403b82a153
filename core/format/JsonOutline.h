#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace opscope {

/// What the first bytes of a JSON file show of its top level: enough to tell formats apart whatever the order of the keys.
/// Forgiving (comments, trailing commas), flat, no recursion; texts are views into the head, as written, not unescaped.
struct JsonOutline
{
    /// What a value begins with.
    enum class Kind : unsigned char { None, Object, Array, String, Scalar, Bad };

    struct Member
    {
        std::string_view key;
        Kind kind = Kind::None;
        Kind element = Kind::None;                  ///< arrays: first element
        std::vector<std::string_view> elementKeys;  ///< keys of that element when it is an object, at most kMaxKeys
    };
    static constexpr std::size_t kMaxKeys = 64;
    static constexpr std::size_t kMaxMembers = 4096;

    Kind top = Kind::None;            ///< None: nothing but white space and comments
    std::vector<Member> members;      ///< of an object; for an array one without key, standing for the array itself
    bool cut = false;                 ///< the head ends before the top level does
    bool startsWithComment = false;
    std::size_t begin = 0;            ///< where the top-level value begins

    static JsonOutline of(std::string_view head);
    const Member* find(std::string_view key) const;
    static bool hasKey(const Member& member, std::string_view key);
};

} // namespace opscope
