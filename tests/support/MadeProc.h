#pragma once

#include <QFileInfo>
#include <QTemporaryDir>

#include "tests/support/Golden.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <unistd.h>

namespace opscope::test {

/// A /proc by hand, with processes that have PyTorch, and the files that they see; in memory where there is such a place: thousands of files take
/// seconds on some disks.
class MadeProc
{
public:
    struct Process
    {
        std::string name = "python3", command = std::string("python3\0train.py\0", 17), environment = {};
        std::string program = "/usr/bin/python3.11";
        std::string maps = "00400000-00600000 r-xp 00000000 00:00 0 /usr/bin/python3.11\n";
        pid_t parent = 1;
        unsigned long start = 100, residentPages = 25;
        char state = 'S';
        uid_t user = ::geteuid();
        std::string inner = {};  ///< its number in a name space of its own
        std::string network = "net:[1]", mounts = "mnt:[1]";
        bool readable = true;    ///< its maps
    };

    MadeProc()
    {
        std::filesystem::create_directories(root + "/net");
        std::filesystem::create_directories(root + "/self/ns");
        std::filesystem::create_symlink("net:[1]", root + "/self/ns/net");
        std::filesystem::create_symlink("mnt:[1]", root + "/self/ns/mnt");
        sockets("");
        for (const char* part : {"/tmp", "/site/torch/lib"}) std::filesystem::create_directories(files + part);
    }

    void add(pid_t pid, const Process& p)
    {
        const std::string folder = folderOf(pid), number = std::to_string(pid);
        std::filesystem::create_directories(folder + "/fd");
        std::filesystem::create_directories(folder + "/ns");
        const auto n = [](unsigned long value) { return std::to_string(value) + " "; };
        writeFile(folder + "/stat", number + " (" + p.name + ") " + p.state + " " + std::to_string(p.parent) + " 1 1 0 -1 0 0 0 0 0 5 5 0 0 20 0 3 0 " + n(p.start) +
                                        "4096000 " + n(p.residentPages) + "18446744073709551615 1 1\n");
        const std::string user = std::to_string(p.user);
        writeFile(folder + "/status", "Name:\tx\nTgid:\t" + number + "\nUid:\t" + user + "\t" + user + "\t" + user + "\t" + user + "\nNSpid:\t" + number +
                                          (p.inner.empty() ? "" : "\t" + p.inner) + "\nThreads:\t1\n");
        writeFile(folder + "/cmdline", p.command);
        writeFile(folder + "/environ", p.environment);
        if (p.readable) writeFile(folder + "/maps", p.maps);
        link(p.program, folder + "/exe");
        link(files, folder + "/root");
        link(p.network, folder + "/ns/net");
        link(p.mounts, folder + "/ns/mnt");
    }
    void remove(pid_t pid) { std::filesystem::remove_all(folderOf(pid)); }
    /// Descriptor `fd` of the process is open on `target`.
    void open(pid_t pid, int fd, const std::string& target) { link(target, folderOf(pid) + "/fd/" + std::to_string(fd)); }
    /// Lines of /proc/net/unix: inode and name.
    void sockets(const std::string& lines) { writeFile(root + "/net/unix", "Num       RefCount Protocol Flags    Type St Inode Path\n" + lines); }
    static std::string socket(int inode, const std::string& name)
    {
        return "0000000000000000: 00000002 00000000 00000000 0002 01 " + std::to_string(inode) + " " + name + "\n";
    }
    /// A file that processes see as `path`.
    void file(const std::string& path, std::string_view content)
    {
        std::filesystem::create_directories(std::filesystem::path(files + path).parent_path());
        writeFile(files + path, content);
    }
    std::string folderOf(pid_t pid) const { return root + "/" + std::to_string(pid); }

private:
    static void link(const std::string& target, const std::string& name)
    {
        std::filesystem::remove(name);
        std::filesystem::create_symlink(target, name);
    }

public:
    QTemporaryDir dir{QFileInfo(QStringLiteral("/dev/shm")).isWritable() ? QStringLiteral("/dev/shm/opscope-XXXXXX") : QString()};
    std::string root = dir.path().toStdString() + "/proc", files = dir.path().toStdString() + "/files";
};

inline std::string words(std::initializer_list<std::string_view> all)
{
    std::string text;
    for (const std::string_view word : all) text += std::string(word) + '\0';
    return text;
}

inline std::string mapLine(const std::string& path) { return "7f0000000000-7f0000100000 r-xp 00000000 00:00 0                          " + path + "\n"; }

} // namespace opscope::test
