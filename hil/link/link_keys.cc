#include "hil/link/link_keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "hil/link/zmq_on_demand.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr size_t kKeyCharacters = 40;
constexpr char kHost[] = "host";

Result<void> CheckName(const std::string& name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  if (!name.empty() && name.size() <= 64 && name[0] != '-' && std::all_of(name.begin(), name.end(), fits)) return {};
  return Error::BadInput("a key's name is of small letters, digits, - and _ (at most 64), got '" + name + "'");
}

Error CannotWrite(const std::string& path) {
  return Error::Environment("cannot write " + path + ": " + std::strerror(errno));
}

// Whole, or not at all: a list of who may come in must not be cut short.
Result<void> WriteFile(const std::string& path, const std::string& text, mode_t mode) {
  const std::string unfinished = path + ".new";
  unlink(unfinished.c_str());
  const int fd = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return CannotWrite(path);
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  if (!written || rename(unfinished.c_str(), path.c_str()) != 0) return CannotWrite(path);
  return {};
}

Result<std::string> ReadKey(const std::string& path) {
  std::ifstream file(path);
  std::string key;
  if (!file || !(file >> key)) return Error::BadInput("cannot read the key in " + path + "; `dustproof keys new` makes keys");
  if (!IsLinkKey(key)) return Error::BadInput(path + ": holds no key: 40 characters of Z85 are one");
  return key;
}

Result<void> CheckPrivate(const std::string& path) {
  struct stat about;
  if (stat(path.c_str(), &about) != 0 || (about.st_mode & 077) == 0) return {};
  return Error::BadInput(path + ": others can read this secret; `chmod 600` it, or make a new key if they might have");
}

}  // namespace

bool IsLinkKey(const std::string& text) {
  static constexpr std::string_view kZ85 =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
  return text.size() == kKeyCharacters && text.find_first_not_of(kZ85) == std::string::npos;
}

Result<KeyFolder> KeyFolder::At(const std::string& folder) {
  if (!folder.empty()) return KeyFolder(folder);
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && config[0] == '/') return KeyFolder(std::string(config) + "/dustproof/keys");
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return KeyFolder(std::string(home) + "/.config/dustproof/keys");
  return Error::Environment("no place for keys: neither XDG_CONFIG_HOME nor HOME names a folder; give one with --folder");
}

Result<void> KeyFolder::MakeFolder() const {
  std::error_code failed;
  fs::create_directories(fs::path(path_).parent_path(), failed);
  if (mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) return CannotWrite(path_);
  return {};
}

Result<std::string> KeyFolder::New(const std::string& name) {
  if (Result<void> fits = CheckName(name); !fits) return fits.error();
  if (fs::exists(File(name + ".public")) || fs::exists(File(name + ".secret")))
    return Error::BadInput("there is a key " + name + " in " + path_ + ": give the new one another name");
  if (Result<void> loaded = LoadZmq(); !loaded) return loaded.error();
  if (Result<void> made = MakeFolder(); !made) return made.error();
  char public_key[kKeyCharacters + 1], secret_key[kKeyCharacters + 1];
  if (zmq_curve_keypair(public_key, secret_key) != 0)
    return Error::Environment(std::string("ZeroMQ cannot make keys here: ") + zmq_strerror(zmq_errno()));
  if (Result<void> wrote = WriteFile(File(name + ".secret"), std::string(secret_key) + "\n", 0600); !wrote) return wrote.error();
  if (Result<void> wrote = WriteFile(File(name + ".public"), std::string(public_key) + "\n", 0644); !wrote) return wrote.error();
  return std::string(public_key);
}

Result<std::map<std::string, std::string>> KeyFolder::ReadAllowed() const {
  std::map<std::string, std::string> allowed;
  std::ifstream file(File("allowed"));
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line);
    std::string key, name, more;
    words >> key >> name;
    if (!IsLinkKey(key) || !CheckName(name) || words >> more)
      return Error::BadInput(File("allowed") + ":" + std::to_string(number) + ": must be a key and a name, got '" + line + "'");
    allowed[key] = name;
  }
  return allowed;
}

Result<void> KeyFolder::WriteAllowed(const std::map<std::string, std::string>& allowed) const {
  std::string text;
  for (const auto& [key, name] : allowed) text += key + " " + name + "\n";
  return WriteFile(File("allowed"), text, 0600);
}

Result<std::vector<KeyFolder::Key>> KeyFolder::List() const {
  const auto allowed = ReadAllowed();
  if (!allowed) return allowed.error();
  std::map<std::string, Key> keys;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, ignored)) {
    if (entry.path().extension() != ".public") continue;
    const Result<std::string> key = ReadKey(entry.path());
    if (!key) return key.error();
    const std::string name = entry.path().stem();
    keys[name] = {.name = name, .public_key = *key, .allowed = allowed->count(*key) > 0, .has_secret = fs::exists(File(name + ".secret"))};
  }
  for (const auto& [key, name] : *allowed)
    keys.try_emplace(name, Key{.name = name, .public_key = key, .allowed = true, .has_secret = false});
  std::vector<Key> list;
  for (auto& [name, key] : keys) list.push_back(std::move(key));
  return list;
}

Result<void> KeyFolder::Allow(const std::string& name, const std::string& public_key) {
  if (Result<void> fits = CheckName(name); !fits) return fits.error();
  if (!public_key.empty() && !IsLinkKey(public_key))
    return Error::BadInput("a key has 40 characters of Z85, got '" + public_key + "'");
  auto allowed = ReadAllowed();
  if (!allowed) return allowed.error();
  const Result<std::string> key = public_key.empty() ? ReadKey(File(name + ".public")) : Result<std::string>(public_key);
  if (!key) return key.error();
  for (const auto& [other, its_name] : *allowed) {
    if (its_name == name && other != *key)
      return Error::BadInput("another key is allowed as " + name + ": `dustproof keys revoke " + name + "` it first");
  }
  if (Result<void> made = MakeFolder(); !made) return made.error();
  (*allowed)[*key] = name;
  return WriteAllowed(*allowed);
}

Result<void> KeyFolder::Revoke(const std::string& name) {
  auto allowed = ReadAllowed();
  if (!allowed) return allowed.error();
  if (std::erase_if(*allowed, [&](const auto& entry) { return entry.second == name; }) == 0)
    return Error::BadInput("no key is allowed as " + name + "; `dustproof keys list` says which are");
  return WriteAllowed(*allowed);
}

Result<LinkKeys> KeyFolder::Load() const {
  LinkKeys keys;
  if (Result<void> hidden = CheckPrivate(File(std::string(kHost) + ".secret")); !hidden) return hidden.error();
  const Result<std::string> secret_key = ReadKey(File(std::string(kHost) + ".secret"));
  const Result<std::string> public_key = ReadKey(File(std::string(kHost) + ".public"));
  const auto allowed = ReadAllowed();
  if (!secret_key) return secret_key.error();
  if (!public_key) return public_key.error();
  if (!allowed) return allowed.error();
  return LinkKeys{.host = {.public_key = *public_key, .secret_key = *secret_key}, .allowed = *allowed};
}

}  // namespace dustproof
