#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <new>
#include <string>
#include <vector>

#include "hil/cli/commands.h"
#include "hil/matrix/cell_group.h"
#include "hil/run/power_cut.h"
#include "hil/run/supervisor.h"
#include "hil/step/step_worker.h"
#include "sim/core/diagnostic.h"

// `dustproof WORD …`: the words are in one file each, *_command.cc.
namespace dustproof {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 pass (undetermined and not exercised alone don't change it), 1 findings or a "
    "failed expectation,\n"
    "2 bad input, 3 environment, or interrupted before anything was found.\n\nExample:\n  "
    "dustproof run scenarios/first_run.yaml --consent "
    "all_denied";

std::vector<std::string> KnownWords(const CLI::App& app) {
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(command->get_name());
  return known;
}

// CLI11 suggests nothing for a mistyped word; this does.
int RefuseUnknownWord(const std::vector<std::string>& known, const std::string& word) {
  const std::string near = SuggestWord(word, known);
  std::fprintf(stderr, "dustproof: unknown word '%s'%s%s%s; `dustproof --help` lists them\n",
               word.c_str(), near.empty() ? "" : "; did you mean '", near.c_str(),
               near.empty() ? "" : "'?");
  return kBadInput;
}

// The same for a mistyped flag of the chosen word.
void SuggestFlag(const CLI::App& app, int argc, char** argv) {
  const auto chosen = app.get_subcommands();
  if (chosen.empty()) return;
  std::vector<std::string> known;
  for (const CLI::Option* option : chosen[0]->get_options())
    known.push_back("--" + option->get_single_name());
  for (int i = 2; i < argc; ++i) {
    std::string word = argv[i];
    word = word.substr(0, word.find('='));
    if (word.rfind("--", 0) != 0 || std::find(known.begin(), known.end(), word) != known.end())
      continue;
    const std::string near = SuggestWord(word, known);
    if (!near.empty()) std::fprintf(stderr, "dustproof: did you mean '%s'?\n", near.c_str());
  }
}

// Whether a command line leads to figures or verdicts, which must not depend on the CPU; help and
// lists are faster without.
bool Reckons(int argc, char** argv) {
  if (argc < 2) return false;
  for (const char* word : {"run", "audit", "report", "replay", "diff", "powercut", "matrix", "withdraw", "counterfactual", "random", "shrink", kGroupWord}) {
    if (std::strcmp(argv[1], word) == 0) return true;
  }
  return false;
}

// A stream that the caller closed would be given to the next file opened, and what is printed would
// land in a recording.
void KeepStandardStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) < 0) (void)open("/dev/null", O_RDWR);  // Takes the lowest free number.
  }
}

// `--home "$HOME_FILE"` with nothing in it means a mistake, not the default.
void RefuseEmptyValues(CLI::App& app) {
  const auto check = [](const std::string& value) {
    return value.empty() ? std::string("must not be empty; leave it out for its default") : "";
  };
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    for (CLI::Option* option : command->get_options()) {
      if (option->get_items_expected_max() > 0) option->check(check, "");
    }
  }
}

// What was printed must have arrived; a reader that went away (`| head`) has had what it wanted.
int FlushOutput(int exit_code) {
  const bool arrived = std::fflush(stdout) == 0 && !std::ferror(stdout);
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  const bool reader_left = poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
  if (arrived || reader_left) return exit_code;
  std::fprintf(stderr, "dustproof: cannot write all of it to standard output; is its disk full?\n");
  return kEnvironment;
}

int Main(int argc, char** argv) {
  CLI::App app("Dustproof: how a home robot drives, and what it tells the cloud", "dustproof");
  app.footer(kFooter);
  app.require_subcommand(1);
  int exit_code = kPass;
  AddRunCommand(app, exit_code);
  AddValidateCommand(app, exit_code);
  AddSchemaCommand(app, exit_code);
  AddAuditCommand(app, exit_code);
  AddReportCommand(app, exit_code);
  AddDeterminismCommand(app, exit_code);
  AddDiffCommand(app, exit_code);
  AddExplainHashCommand(app, exit_code);
  AddReplayCommand(app, exit_code);
  AddPowerCutCommand(app, exit_code);
  AddMatrixCommand(app, exit_code);
  AddWithdrawCommand(app, exit_code);
  AddCounterfactualCommand(app, exit_code);
  AddRandomCommand(app, exit_code);
  AddShrinkCommand(app, exit_code);
  AddCloudCommand(app, exit_code);
  AddKeysCommand(app, exit_code);
  AddBenchCommand(app, exit_code);
  AddListCommand(app, exit_code);
  AddVersionCommand(app, exit_code);
  RefuseEmptyValues(app);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kBadInput;
  }
  const std::vector<std::string> words = KnownWords(app);
  if (argv[1][0] != '-' && std::find(words.begin(), words.end(), argv[1]) == words.end())
    return RefuseUnknownWord(words, argv[1]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return FlushOutput(app.exit(error));
    std::fprintf(stderr, "dustproof: %s\n", error.what());
    SuggestFlag(app, argc, argv);
    std::fprintf(stderr, "`dustproof %s --help` says what it takes\n",
                 argv[1][0] == '-' ? "" : argv[1]);
    return kBadInput;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "dustproof: out of memory\n");
    return kEnvironment;
  } catch (const std::filesystem::filesystem_error& error) {
    std::fprintf(stderr, "dustproof: %s\n", error.what());
    return kEnvironment;
  }
  return FlushOutput(exit_code);
}

}  // namespace
}  // namespace dustproof

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], dustproof::kWorkerWord) == 0)
    return dustproof::RunWorker(argv[2]);
  if (argc == 3 && std::strcmp(argv[1], dustproof::kPowerCutWord) == 0)
    return dustproof::RunPowerCutWorker(argv[2]);
  if (argc == 3 && std::strcmp(argv[1], dustproof::kBranchesWord) == 0)
    return dustproof::RunBranchesWorker(argv[2]);
  if (argc == 3 && std::strcmp(argv[1], dustproof::kStepWorkerWord) == 0)
    return dustproof::RunStepWorker(argv[2]);
  dustproof::KeepStandardStreams();
  signal(SIGPIPE, SIG_IGN);  // A reader that goes away must not take a run's verdict with it.
  signal(SIGXFSZ, SIG_IGN);  // A file that may not grow is an error of writing, told as such.
  if (dustproof::Reckons(argc, argv)) dustproof::EnsurePortableMath(argv);
  if (argc == 3 && std::strcmp(argv[1], dustproof::kGroupWord) == 0) return dustproof::RunGroupProcess(argv[2]);
  return dustproof::Main(argc, argv);
}
