#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "hil/cli/commands.h"
#include "hil/run/supervisor.h"
#include "sim/core/diagnostic.h"

// `dustproof WORD …`: the words are in one file each, *_command.cc.
namespace dustproof {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 pass (undetermined and not exercised alone don't change it), 1 findings or a "
    "failed expectation,\n"
    "2 bad input, 3 environment.\n\nExample:\n  dustproof run scenarios/first_run.yaml --consent "
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
  for (const char* word : {"run", "audit", "report", "replay", "diff"}) {
    if (std::strcmp(argv[1], word) == 0) return true;
  }
  return false;
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
  AddDiffCommand(app, exit_code);
  AddReplayCommand(app, exit_code);
  AddListCommand(app, exit_code);
  AddVersionCommand(app, exit_code);
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
    if (error.get_exit_code() == 0) return app.exit(error);
    std::fprintf(stderr, "dustproof: %s\n", error.what());
    SuggestFlag(app, argc, argv);
    std::fprintf(stderr, "`dustproof %s --help` says what it takes\n",
                 argv[1][0] == '-' ? "" : argv[1]);
    return kBadInput;
  }
  return exit_code;
}

}  // namespace
}  // namespace dustproof

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], dustproof::kWorkerWord) == 0)
    return dustproof::RunWorker(argv[2]);
  if (dustproof::Reckons(argc, argv)) dustproof::EnsurePortableMath(argv);
  return dustproof::Main(argc, argv);
}
