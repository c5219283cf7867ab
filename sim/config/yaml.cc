#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "sim/config/node.h"

namespace dustproof {
namespace {

constexpr size_t kFileBytesMax = 8 << 20;
constexpr size_t kDepthMax = 64;

// Ends parsing from inside yaml-cpp's callbacks; caught in ParseYaml.
struct Refusal {
  YAML::Mark mark;
  std::string message;
};

// Turns yaml-cpp's events into ConfigNodes. Its own node graph would drop the key's place and keep
// duplicate keys silently.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const std::string& file_name)
      : file_(std::make_shared<const std::string>(file_name)) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Check(mark, "", anchor);
    Put(NewNode(ConfigNode::Kind::kNull, mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refusal{mark, "aliases (*name) are not supported; write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Check(mark, tag, anchor);
    ConfigNode node = NewNode(ConfigNode::Kind::kScalar, mark);
    node.text = value;
    node.quoted = tag == "!";
    Put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Check(mark, tag, anchor);
    Open(NewNode(ConfigNode::Kind::kList, mark));
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Check(mark, tag, anchor);
    Open(NewNode(ConfigNode::Kind::kMap, mark));
  }
  void OnMapEnd() override { Close(); }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    throw Refusal{mark,
                  "anchors (&name) are not supported; write the value out where it is needed"};
  }

  ConfigNode TakeRoot() { return std::move(root_); }
  std::vector<Diagnostic> TakeProblems() { return std::move(problems_); }

 private:
  struct OpenNode {
    ConfigNode node;
    bool has_key = false;  // Of a map: the next value belongs to the last entry.
    std::map<std::string, int> key_lines;
  };

  static void Check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) throw Refusal{mark, "anchors (&name) are not supported; write the value out"};
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refusal{mark, "tags (" + tag + ") are not supported; write the plain value"};
    }
  }
  ConfigNode NewNode(ConfigNode::Kind kind, const YAML::Mark& mark) const {
    ConfigNode node;
    node.kind = kind;
    node.file = file_;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }
  void Open(ConfigNode node) {
    if (stack_.size() >= kDepthMax) {
      throw Refusal{{}, "is nested more than " + std::to_string(kDepthMax) + " levels deep"};
    }
    stack_.emplace_back().node = std::move(node);
  }
  void Close() {
    ConfigNode node = std::move(stack_.back().node);
    stack_.pop_back();
    Put(std::move(node));
  }
  void Put(ConfigNode node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& open = stack_.back();
    if (open.node.kind == ConfigNode::Kind::kList) {
      open.node.items.push_back(std::move(node));
    } else if (open.has_key) {
      // yaml-cpp places a missing value at whatever comes next; its key is where a reader looks.
      ConfigNode::Entry& entry = open.node.entries.back();
      if (node.kind == ConfigNode::Kind::kNull) {
        node.line = entry.line;
        node.column = entry.column;
      }
      entry.value = std::move(node);
      open.has_key = false;
    } else {
      PutKey(&open, node);
    }
  }
  void PutKey(OpenNode* open, const ConfigNode& key) {
    if (key.kind != ConfigNode::Kind::kScalar) {
      problems_.push_back({key.Where(), "", "a key must be a word"});
    } else if (const auto [it, is_new] = open->key_lines.emplace(key.text, key.line); !is_new) {
      problems_.push_back({key.Where(), key.text,
                           "is given twice; the first is on line " + std::to_string(it->second)});
    }
    open->node.entries.push_back({key.text, key.line, key.column, {}});
    open->has_key = true;
  }

  const std::shared_ptr<const std::string> file_;
  ConfigNode root_;
  std::vector<OpenNode> stack_;
  std::vector<Diagnostic> problems_;
};

SourceLocation At(const std::string& file, const YAML::Mark& mark) {
  if (mark.is_null()) return {file, 0, 0};
  return {file, mark.line + 1, mark.column + 1};
}

}  // namespace

const ConfigNode::Entry* ConfigNode::Find(std::string_view key) const {
  const auto it =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
  return it == entries.end() ? nullptr : &*it;
}

Result<ConfigNode> ParseYaml(std::string_view text, const std::string& file_name) {
  if (text.size() > kFileBytesMax) {
    return Error::BadInput({file_name, 0, 0}, "",
                           "is larger than 8 MB; that is not a configuration file");
  }
  TreeBuilder builder(file_name);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    const std::string empty = "is empty; a file begins with 'kind:' and 'format_version:'";
    if (!parser.HandleNextDocument(builder)) return Error::BadInput({file_name, 1, 1}, "", empty);
    TreeBuilder rest(file_name);
    if (parser.HandleNextDocument(rest)) {
      return Error::BadInput(rest.TakeRoot().Where(), "",
                             "a second document; put it into a file of its own");
    }
  } catch (const Refusal& refusal) {
    return Error::BadInput(At(file_name, refusal.mark), "", refusal.message);
  } catch (const YAML::Exception& e) {
    return Error::BadInput(At(file_name, e.mark), "", "is not valid YAML: " + e.msg);
  } catch (const std::exception& e) {
    return Error::BadInput({file_name, 0, 0}, "", std::string("is not valid YAML: ") + e.what());
  }
  if (std::vector<Diagnostic> problems = builder.TakeProblems(); !problems.empty()) {
    return Error::BadInput(std::move(problems));
  }
  ConfigNode root = builder.TakeRoot();
  if (root.kind != ConfigNode::Kind::kMap) {
    return Error::BadInput(root.Where(), "", "must be a map of keys and values");
  }
  return root;
}

Result<ConfigNode> LoadYaml(const std::string& path) {
  Result<std::string> text = ReadTextFile(path, kFileBytesMax);
  if (!text) return text.error();
  return ParseYaml(*text, path);
}

Result<std::string> ReadTextFile(const std::string& path, size_t bytes_max) {
  std::error_code failed;
  const std::filesystem::file_status status = std::filesystem::status(path, failed);
  if (!std::filesystem::exists(status)) {
    return Error::BadInput({path, 0, 0}, "", "no such file; check the path");
  }
  if (std::filesystem::is_directory(status)) {
    return Error::BadInput({path, 0, 0}, "", "is a folder; name a file in it");
  }
  if (!std::filesystem::is_regular_file(status)) {
    return Error::BadInput({path, 0, 0}, "", "is not a regular file");
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error::BadInput({path, 0, 0}, "", "can't be read; check its permissions");
  const uintmax_t size = std::filesystem::file_size(path, failed);
  if (!failed && size > bytes_max) {
    return Error::BadInput({path, 0, 0}, "",
                           "is larger than " + std::to_string(bytes_max >> 20) + " MB");
  }
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return Error::Environment(path + ": can't be read to its end");
  return std::move(text).str();
}

std::string PathBeside(const std::string& file, const std::string& text) {
  return (std::filesystem::path(file).parent_path() / text).lexically_normal().string();
}

}  // namespace dustproof
