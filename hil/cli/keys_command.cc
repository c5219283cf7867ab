#include <cstdio>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/link/link_keys.h"

namespace dustproof {
namespace {

struct KeysFlags {
  std::string folder, name, key;
};

int NewKey(KeyFolder& keys, const KeysFlags& flags) {
  const Result<std::string> made = keys.New(flags.name);
  if (!made) return PrintError(made.error());
  std::printf("%s %s\nsecret in %s/%s.secret\n", made->c_str(), flags.name.c_str(), keys.path().c_str(), flags.name.c_str());
  return kPass;
}

int ListKeys(KeyFolder& keys, const KeysFlags&) {
  const Result<std::vector<KeyFolder::Key>> list = keys.List();
  if (!list) return PrintError(list.error());
  for (const KeyFolder::Key& key : *list)
    std::printf("%s %s%s%s\n", key.public_key.c_str(), key.name.c_str(), key.allowed ? ", allowed" : "",
                key.has_secret ? ", secret here" : "");
  if (list->empty())
    std::fprintf(stderr, "no keys in %s; `dustproof keys new host` makes the run's own\n", keys.path().c_str());
  return kPass;
}

int AllowKey(KeyFolder& keys, const KeysFlags& flags) {
  const Result<void> allowed = keys.Allow(flags.name, flags.key);
  return allowed ? kPass : PrintError(allowed.error());
}

int RevokeKey(KeyFolder& keys, const KeysFlags& flags) {
  const Result<void> revoked = keys.Revoke(flags.name);
  return revoked ? kPass : PrintError(revoked.error());
}

}  // namespace

void AddKeysCommand(CLI::App& app, int& exit_code) {
  CLI::App* keys = app.add_subcommand("keys", "Keys of links to boards: make, list, allow, revoke");
  keys->require_subcommand(1);
  keys->footer("Example:\n  dustproof keys new kitchen && dustproof keys allow kitchen");
  auto flags = std::make_shared<KeysFlags>();
  const auto add = [&](const char* word, const char* what, int (*run)(KeyFolder&, const KeysFlags&)) {
    CLI::App* command = keys->add_subcommand(word, what);
    command->add_option("--folder", flags->folder, "Where keys are; else dustproof/keys under the user's configuration");
    command->callback([flags, run, &exit_code] {
      Result<KeyFolder> folder = KeyFolder::At(flags->folder);
      exit_code = folder ? run(*folder, *flags) : PrintError(folder.error());
    });
    return command;
  };
  add("new", "Make a pair of keys", NewKey)->add_option("name", flags->name, "Of the board; `host` is the run's own")->required();
  add("list", "Every key, and which may come in", ListKeys);
  CLI::App* allow = add("allow", "Let a board in", AllowKey);
  allow->add_option("name", flags->name, "Of the board")->required();
  allow->add_option("--key", flags->key, "Its public key, where it was made elsewhere");
  add("revoke", "Let a board in no more", RevokeKey)->add_option("name", flags->name, "Of the board")->required();
}

}  // namespace dustproof
