#include "app/cli/Commands.h"
#include "app/cli/RecordAnswer.h"
#include "app/cli/RecordConsent.h"
#include "app/cli/RecordList.h"
#include "app/cli/RecordOptions.h"
#include "app/cli/RecordPlan.h"
#include "app/cli/RecordRun.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace opscope {
namespace {

ExitStatus record(Console& console, const RecordOptions& options)
{
    if ((options.list || options.backends) && !options.command.empty()) {
        console.complain("opscope record: --list and --backends start no command");
        return ExitStatus::Usage;
    }
    if (options.list) return listProcesses(console, options);
    if (options.backends) return listBackends(console, options);
    const auto decided = planRecording(options);
    if (const auto* refusal = std::get_if<RecordRefusal>(&decided)) return tellRefusal(console, *refusal, options.json);
    const RecordPlan& plan = std::get<RecordPlan>(decided);
    if (const auto refused = askConsent(console, plan, options)) return tellRefusal(console, *refused, options.json);
    return tellOutcome(console, plan, runRecording(console, plan), options.json);
}

/// What stands behind the options, word for word. False: it begins with an option that there is not.
bool readCommand(const CLI::App& app, RecordOptions& options)
{
    options.command = app.remaining();
    if (options.command.empty()) return true;
    if (options.command.front() == "--") options.command.erase(options.command.begin());
    else if (options.command.front().starts_with('-')) return false;
    return true;
}

Run declare(CLI::App& app)
{
    const auto options = std::make_shared<RecordOptions>();
    app.add_flag("--list", options->list, "Processes with what they use, and what can record here; with --pid the one");
    app.add_flag("--all", options->all, "With --list: threads of the kernel and workers of data loaders too");
    app.add_flag("--backends", options->backends, "The ways to record, whether they work here, and their options");
    app.add_option("--pid", options->pids, "The process to record; several times, with --torch, for several at one instant")->type_name("PID")->allow_extra_args(false);
    app.add_flag("--torch", options->torch, "What PyTorch itself tells: operators, GPU kernels, shapes, the execution trace. Opscope chooses the way that disturbs "
                                            "the process least, and says which. With --list: processes with PyTorch only");
    app.add_flag("--children", options->children, "With --torch and --pid: the process and those that it started, as the ranks of torchrun");
    app.add_option("--job", options->job, "All processes with PyTorch of this job on this machine (SLURM_JOB_ID, or TORCHELASTIC_RUN_ID of torchrun)")->type_name("ID");
    app.add_option("--backend,--mechanism", options->backend, "The way to record; else the first that is ready")->type_name("ID");
    app.add_option("--duration", options->duration, "5s, 500ms, 2m; none: no limit (standard: 30s, with --torch 2s; of COMMAND to its end)")->type_name("TIME");
    app.add_option("--steps", options->steps, "With --torch, in place of a duration: so many steps of the training loop")->type_name("N");
    app.add_option("--max-size", options->maxSize, "Ends when the file has grown to this: 200MB; 0 for no limit (standard: 1GiB)")->type_name("SIZE");
    app.add_option("-o,--output", options->output, "The file to make (standard: NAME-PID-DATE.fxt in this folder), with --torch the folder")->type_name("FILE.fxt");
    app.add_flag("--force", options->force, "Replace a file of this name; one that appears meanwhile is kept without it");
    app.add_flag("--yes", options->yes, "Agree beforehand to what would be asked: some ways run code inside the process");
    app.add_option("--env", options->environment, "A variable for COMMAND; several times; NAME= takes it away")->type_name("NAME=VALUE")->allow_extra_args(false);
    app.add_option("--cwd", options->cwd, "The folder that COMMAND starts in")->type_name("FOLDER");
    app.add_flag("--json", options->json, "The answer for programs, exact");
    declareBackendOptions(app, *options);
    app.prefix_command(); // a positional would take "[1,2]" for a list
    return [options, &app](Console& console) {
        if (!readCommand(app, *options)) {
            console.complain("opscope record: there is no option " + app.remaining().front() + "; see opscope record --help");
            return ExitStatus::Usage;
        }
        return record(console, *options);
    };
}

} // namespace

Command recordCommand()
{
    return {"record", "Record a process that runs, or a command from its start", "[OPTIONS] --pid PID | --job ID | -- COMMAND ARGS...",
            "COMMAND is started and recorded from its first instruction; -- parts its options from ours.\n"
            "The process runs on unharmed whatever happens to the recording. The first Ctrl+C stops and saves, a second one throws\n"
            "away what there is. The recording also ends with the process, by --duration and by --max-size, and before the disk\n"
            "is full. On a terminal a line tells how far it is. The exit status is ours; that of COMMAND is told.\n"
            "COMMAND has the terminal and can read from it; Ctrl+C is for the recording: without --torch COMMAND ignores it and runs\n"
            "on after the first one (kill PID ends it), and is asked to end (SIGTERM) when a second one throws the recording away.\n"
            "The file is opened once it is made, to count its events and threads; `opscope FILE` shows it.\n"
            "\n"
            "With --torch the recording is a folder with a trace for each process, and an execution trace with --et: of a process\n"
            "that runs, unprepared, or of COMMAND from its first operator. Ways, in this order: daemon (a process that was started\n"
            "with KINETO_USE_DAEMON asks us), helper (it imports opscope and listens), inject (Python inside it runs our recorder;\n"
            "you are asked first), launch (COMMAND is started with it). `--list --torch` says which are open for each process.\n"
            "\n"
            "Examples:\n"
            "  opscope record --list\n"
            "  opscope record --pid 1234 --duration 5s\n"
            "  opscope record --pid 1234 -o server.fxt --max-size 200MB\n"
            "  opscope record --json -o run.fxt -- python3 -X perf train.py --epochs 1\n"
            "  opscope record --list --torch\n"
            "  opscope record --pid 1234 --torch\n"
            "  opscope record --pid 1234 --torch --et --integral aten::embedding --steps 3 -o step\n"
            "  opscope record --pid 1234 --children --torch\n"
            "  opscope record --job 4711 --torch --duration 1s -o all-ranks\n"
            "  opscope record --torch --et --env OMP_NUM_THREADS=1 -- python train.py --epochs 1\n"
            "  opscope record --list --json | jq '.processes[] | select(.cpu > 0.5) | .pid'",
            declare};
}

} // namespace opscope
