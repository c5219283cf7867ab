#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/core/result.h"

namespace dustproof {

/// A key pair of CURVE, each half as 40 characters of Z85.
struct LinkKeyPair {
  std::string public_key, secret_key;
};

/// What a link that asks for keys goes by.
struct LinkKeys {
  LinkKeyPair host;
  std::map<std::string, std::string> allowed;  ///< Names of boards by their public key.
};

/// A folder of keys: `NAME.secret` (readable by its owner only) and `NAME.public` of each pair made
/// here, and `allowed`, a line a board: its public key and its name. The run's own pair is `host`.
class KeyFolder {
 public:
  struct Key {
    std::string name, public_key;
    bool allowed = false;
    bool has_secret = false;
  };

  /// `folder`, or where that is "" `dustproof/keys` under the user's configuration.
  [[nodiscard]] static Result<KeyFolder> At(const std::string& folder);
  const std::string& path() const { return path_; }

  /// Makes a pair; returns its public key.
  [[nodiscard]] Result<std::string> New(const std::string& name);
  /// Every key, by name.
  [[nodiscard]] Result<std::vector<Key>> List() const;
  /// Lets the board with the named pair in, or with `public_key` where that is not "".
  [[nodiscard]] Result<void> Allow(const std::string& name, const std::string& public_key);
  [[nodiscard]] Result<void> Revoke(const std::string& name);
  /// The run's pair and who is allowed.
  [[nodiscard]] Result<LinkKeys> Load() const;

 private:
  explicit KeyFolder(std::string path) : path_(std::move(path)) {}
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  Result<std::map<std::string, std::string>> ReadAllowed() const;
  Result<void> WriteAllowed(const std::map<std::string, std::string>& allowed) const;
  Result<void> MakeFolder() const;

  std::string path_;
};

/// Whether that is 32 bytes in Z85.
bool IsLinkKey(const std::string& text);

}  // namespace dustproof
