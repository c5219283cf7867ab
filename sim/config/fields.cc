#include "sim/config/fields.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/config/config.h"
#include "sim/config/number.h"

namespace dustproof {
namespace {

constexpr size_t kShownCharacters = 60;

// How a value looks in a message.
std::string Shown(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::kNull:
      return "nothing";
    case ConfigNode::Kind::kList:
      return "a list";
    case ConfigNode::Kind::kMap:
      return "a map";
    case ConfigNode::Kind::kScalar:
      break;
  }
  std::string text = node.text.substr(0, kShownCharacters);
  if (text.size() < node.text.size()) text += "…";
  return "'" + text + "'";
}

std::string Json(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : ", ") + words[i];
  return text;
}

// The rule of `rules` that `value` breaks, or empty.
std::string BrokenRule(double value, const NumberRules& rules) {
  if (!std::isfinite(value)) return "must be a finite number";
  if (rules.min && value < *rules.min) return "must be at least " + FormatNumber(*rules.min);
  if (rules.max && value > *rules.max) return "must be at most " + FormatNumber(*rules.max);
  if (rules.min_exclusive && value <= *rules.min_exclusive)
    return "must exceed " + FormatNumber(*rules.min_exclusive);
  if (rules.max_exclusive && value >= *rules.max_exclusive)
    return "must be below " + FormatNumber(*rules.max_exclusive);
  return "";
}

}  // namespace

void SortByPlace(std::vector<Diagnostic>* problems) {
  std::stable_sort(
      problems->begin(), problems->end(), [](const Diagnostic& a, const Diagnostic& b) {
        return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
      });
}

std::string KindOf(const ConfigNode& root) {
  const ConfigNode::Entry* kind = root.Find("kind");
  return kind == nullptr ? "" : kind->value.text;
}

Fields::Fields(const ConfigNode& node, std::string path, std::vector<Diagnostic>* problems)
    : node_(&node), path_(std::move(path)), problems_(problems) {
  DP_CHECK(node.kind == ConfigNode::Kind::kMap, path_);
}

// ---- Scalars

void Fields::Number(const char* key, double* out, const NumberRules& rules) {
  if (schema_) return NumberSchema(key, SchemaNode::Type::kNumber, rules, FormatNumber(*out));
  NumberField(key, out, rules);
}
void Fields::Number(const char* key, std::optional<double>* out, const NumberRules& rules) {
  if (schema_)
    return NumberSchema(key, SchemaNode::Type::kNumber, rules, *out ? FormatNumber(**out) : "");
  double value = 0;
  if (NumberField(key, &value, rules)) *out = value;
}
void Fields::Integer(const char* key, int64_t* out, const NumberRules& rules) {
  if (schema_) return NumberSchema(key, SchemaNode::Type::kInteger, rules, std::to_string(*out));
  IntegerField(key, out, rules);
}
void Fields::Integer(const char* key, std::optional<int64_t>* out, const NumberRules& rules) {
  if (schema_)
    return NumberSchema(key, SchemaNode::Type::kInteger, rules, *out ? std::to_string(**out) : "");
  int64_t value = 0;
  if (IntegerField(key, &value, rules)) *out = value;
}
void Fields::Integer(const char* key, int* out, const NumberRules& rules) {
  if (schema_) return NumberSchema(key, SchemaNode::Type::kInteger, rules, std::to_string(*out));
  NumberRules int_rules = rules;
  if (!int_rules.min && !int_rules.min_exclusive) int_rules.min = -2147483648.0;
  if (!int_rules.max && !int_rules.max_exclusive) int_rules.max = 2147483647.0;
  int64_t value = 0;
  if (IntegerField(key, &value, int_rules)) *out = static_cast<int>(value);
}
void Fields::Bool(const char* key, bool* out, const FieldRules& rules) {
  if (schema_) {
    AddSchema(key, SchemaNode::Type::kBool, rules.doc, rules.required).default_json =
        *out ? "true" : "false";
    return;
  }
  BoolField(key, out, rules);
}
void Fields::Bool(const char* key, std::optional<bool>* out, const FieldRules& rules) {
  if (schema_) {
    SchemaNode& field = AddSchema(key, SchemaNode::Type::kBool, rules.doc, rules.required);
    if (*out) field.default_json = **out ? "true" : "false";
    return;
  }
  bool value = false;
  if (BoolField(key, &value, rules)) *out = value;
}
void Fields::Text(const char* key, std::string* out, const TextRules& rules) {
  if (schema_) return TextSchema(key, rules, out);
  TextField(key, out, rules);
}
void Fields::Text(const char* key, std::optional<std::string>* out, const TextRules& rules) {
  if (schema_) return TextSchema(key, rules, *out ? &**out : nullptr);
  std::string value;
  if (TextField(key, &value, rules)) *out = std::move(value);
}
void Fields::Duration(const char* key, SimDuration* out, const DurationRules& rules) {
  if (schema_) return DurationSchema(key, rules, out);
  DurationField(key, out, rules);
}
void Fields::Duration(const char* key, std::optional<SimDuration>* out,
                      const DurationRules& rules) {
  if (schema_) return DurationSchema(key, rules, *out ? &**out : nullptr);
  SimDuration value;
  if (DurationField(key, &value, rules)) *out = value;
}

bool Fields::NumberField(const char* key, double* out, const NumberRules& rules) {
  const ConfigNode* node = FindValue(key, rules.required);
  if (node == nullptr) return false;
  if (ReadNumber(*node, JoinPath(key), out, rules)) return true;
  bad_keys_.insert(key);
  return false;
}

bool Fields::ReadNumber(const ConfigNode& node, const std::string& path, double* out,
                        const NumberRules& rules) {
  const std::optional<double> value = node.kind == ConfigNode::Kind::kScalar && !node.quoted
                                          ? ParseNumber(node.text)
                                          : std::nullopt;
  if (!value) {
    Add(node, path,
        "must be a number, got " + Shown(node) + (node.quoted ? "; remove the quotes" : ""));
    return false;
  }
  if (const std::string rule = BrokenRule(*value, rules); !rule.empty()) {
    Add(node, path, rule + ", got " + node.text);
    return false;
  }
  *out = *value;
  return true;
}

bool Fields::IntegerField(const char* key, int64_t* out, const NumberRules& rules) {
  const ConfigNode* node = FindScalar(key, rules.required, "a whole number");
  if (node == nullptr) return false;
  const std::optional<int64_t> value = node->quoted ? std::nullopt : ParseInteger(node->text);
  if (!value) {
    AddAt(key, *node, "must be a whole number, got " + Shown(*node));
    return false;
  }
  if (const std::string rule = BrokenRule(static_cast<double>(*value), rules); !rule.empty()) {
    AddAt(key, *node, rule + ", got " + node->text);
    return false;
  }
  *out = *value;
  return true;
}

bool Fields::BoolField(const char* key, bool* out, const FieldRules& rules) {
  const ConfigNode* node = FindScalar(key, rules.required, "true or false");
  if (node == nullptr) return false;
  if (node->quoted || (node->text != "true" && node->text != "false")) {
    AddAt(key, *node, "must be true or false, got " + Shown(*node));
    return false;
  }
  *out = node->text == "true";
  return true;
}

bool Fields::TextField(const char* key, std::string* out, const TextRules& rules) {
  const ConfigNode* node = FindScalar(key, rules.required, "a text");
  if (node == nullptr) return false;
  if (node->text.empty() && !rules.may_be_empty) {
    AddAt(key, *node, "must not be empty");
    return false;
  }
  const bool is_known =
      std::find(rules.choices.begin(), rules.choices.end(), node->text) != rules.choices.end();
  if (!rules.choices.empty() && !is_known) {
    const std::string suggestion = SuggestWord(node->text, rules.choices);
    AddAt(key, *node,
          "must be one of " + Listed(rules.choices) + ", got " + Shown(*node) +
              (suggestion.empty() ? "" : "; did you mean '" + suggestion + "'?"));
    return false;
  }
  *out = node->text;
  return true;
}

bool Fields::DurationField(const char* key, SimDuration* out, const DurationRules& rules) {
  const ConfigNode* node = FindScalar(key, rules.required, "a duration");
  if (node == nullptr) return false;
  const std::optional<SimDuration> value = ParseDuration(node->text);
  std::string problem;
  if (!value) {
    problem = "must be a duration such as 200ms, 5s, 20min or 1h30min";
  } else if (rules.min && *value < *rules.min) {
    problem = "must be at least " + FormatDuration(*rules.min);
  } else if (rules.max && *value > *rules.max) {
    problem = "must be at most " + FormatDuration(*rules.max);
  }
  if (!problem.empty()) {
    AddAt(key, *node, problem + ", got " + Shown(*node));
    return false;
  }
  *out = *value;
  return true;
}

// ---- Lists

bool Fields::ReadTuple(const ConfigNode& node, const std::string& path, double* out, size_t count,
                       const NumberRules& rules) {
  if (node.kind != ConfigNode::Kind::kList || node.items.size() != count) {
    const std::string got = node.kind == ConfigNode::Kind::kList
                                ? std::to_string(node.items.size()) + " values"
                                : Shown(node);
    Add(node, path, "must be a list of " + std::to_string(count) + " numbers, got " + got);
    return false;
  }
  bool ok = true;
  for (size_t i = 0; i < count; ++i) {
    ok &= ReadNumber(node.items[i], path + "[" + std::to_string(i) + "]", &out[i], rules);
  }
  return ok;
}

bool Fields::TupleField(const char* key, double* out, size_t count, const NumberRules& rules,
                        bool has_default) {
  if (schema_) {
    std::string text = "[";
    for (size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + FormatNumber(out[i]);
    NumberSchema(key, SchemaNode::Type::kTuple, rules, has_default ? text + "]" : "");
    SchemaNode& field = schema_->children.back();
    field.count_min = count;
    SchemaNode item;
    item.type = SchemaNode::Type::kNumber;
    item.min = std::exchange(field.min, std::nullopt);
    item.max = std::exchange(field.max, std::nullopt);
    item.min_is_exclusive = std::exchange(field.min_is_exclusive, false);
    item.max_is_exclusive = std::exchange(field.max_is_exclusive, false);
    field.children.push_back(std::move(item));
    return false;
  }
  const ConfigNode* node = FindValue(key, rules.required);
  if (node == nullptr) return false;
  std::vector<double> values(count);
  if (!ReadTuple(*node, JoinPath(key), values.data(), count, rules)) {
    bad_keys_.insert(key);
    return false;
  }
  std::copy(values.begin(), values.end(), out);
  return true;
}

void Fields::Numbers(const char* key, std::vector<double>* out, const ListRules& rules) {
  if (schema_) {
    SchemaNode item;
    item.type = SchemaNode::Type::kNumber;
    AddSectionSchema(key, SchemaNode::Type::kList, rules.doc, rules.required, rules.count_min, item);
    if (!rules.required && !out->empty())
      schema_->children.back().default_json = nlohmann::json(*out).dump();
    return;
  }
  const ConfigNode* list = FindList(key, rules);
  if (list == nullptr) return;
  std::vector<double> values(list->items.size());
  bool ok = true;
  for (size_t i = 0; i < values.size(); ++i)
    ok &= ReadNumber(list->items[i], ItemPath(key, i), &values[i], {});
  if (ok) *out = std::move(values);
}

void Fields::Texts(const char* key, std::vector<std::string>* out, const ListRules& rules) {
  if (schema_) {
    SchemaNode item;
    item.type = SchemaNode::Type::kText;
    AddSectionSchema(key, SchemaNode::Type::kList, rules.doc, rules.required, rules.count_min, item);
    if (!rules.required && !out->empty())
      schema_->children.back().default_json = nlohmann::json(*out).dump();
    return;
  }
  const ConfigNode* list = FindList(key, rules);
  if (list == nullptr) return;
  out->clear();
  for (size_t i = 0; i < list->items.size(); ++i) {
    const ConfigNode& item = list->items[i];
    if (item.kind == ConfigNode::Kind::kScalar && !item.text.empty()) {
      out->push_back(item.text);
    } else {
      Add(item, ItemPath(key, i), "must be a text, got " + Shown(item));
    }
  }
}

void Fields::TextDictionary(const char* key, std::vector<std::pair<std::string, std::string>>* out,
                            const TextRules& rules) {
  if (schema_) {
    SchemaNode item;
    item.type = rules.choices.empty() ? SchemaNode::Type::kText : SchemaNode::Type::kChoice;
    item.choices = rules.choices;
    return AddSectionSchema(key, SchemaNode::Type::kDictionary, rules.doc, rules.required, 0, item);
  }
  const ConfigNode* map = FindMap(key, rules.required);
  if (map == nullptr) return;
  out->clear();
  Fields words(*map, JoinPath(key), problems_);
  for (const ConfigNode::Entry& entry : map->entries) {
    std::string word;
    if (words.TextField(entry.key.c_str(), &word, rules)) out->emplace_back(entry.key, word);
  }
}

// ---- Finding values, noting problems

std::string Fields::JoinPath(const char* key) const {
  if (path_.empty()) return key;
  return *key == '\0' ? path_ : path_ + "." + key;
}
std::string Fields::ItemPath(const char* key, size_t index) const {
  return JoinPath(key) + "[" + std::to_string(index) + "]";
}

const ConfigNode* Fields::Raw(const char* key) {
  if (!reading()) return nullptr;
  known_keys_.push_back(key);
  const ConfigNode::Entry* entry = node_->Find(key);
  return entry == nullptr ? nullptr : &entry->value;
}

const ConfigNode* Fields::FindValue(const char* key, bool required) {
  const ConfigNode* node = Raw(key);
  if (node == nullptr) {
    if (required) AddAt(key, *node_, "is required");
    return nullptr;
  }
  if (node->kind == ConfigNode::Kind::kNull) {
    AddAt(key, *node,
          std::string("has no value; give it one") + (required ? "" : " or remove the key"));
    return nullptr;
  }
  return node;
}

const ConfigNode* Fields::FindScalar(const char* key, bool required, const char* what) {
  const ConfigNode* node = FindValue(key, required);
  if (node == nullptr || node->kind == ConfigNode::Kind::kScalar) return node;
  AddAt(key, *node, std::string("must be ") + what + ", got " + Shown(*node));
  return nullptr;
}

const ConfigNode* Fields::FindList(const char* key, const ListRules& rules) {
  const ConfigNode* node = FindValue(key, rules.required);
  if (node == nullptr) return nullptr;
  if (node->kind != ConfigNode::Kind::kList) {
    AddAt(key, *node, "must be a list, got " + Shown(*node));
    return nullptr;
  }
  if (node->items.size() < rules.count_min) {
    AddAt(key, *node,
          "must have at least " + std::to_string(rules.count_min) + " items, got " +
              std::to_string(node->items.size()));
    return nullptr;
  }
  return node;
}

const ConfigNode* Fields::FindMap(const char* key, bool required) {
  const ConfigNode* node = FindValue(key, required);
  if (node == nullptr) return nullptr;
  if (IsMap(*node, JoinPath(key))) return node;
  bad_keys_.insert(key);
  return nullptr;
}

const ConfigNode* Fields::FindMapUnlessWord(const char* key, const char* word, bool required) {
  const ConfigNode* node = FindValue(key, required);
  if (node == nullptr || node->kind == ConfigNode::Kind::kMap) return node;
  if (node->kind == ConfigNode::Kind::kScalar && node->text == word) return nullptr;
  const std::string suggestion = SuggestWord(node->text, {word});
  AddAt(key, *node,
        std::string("must be ") + word + " or a map of keys and values, got " + Shown(*node) +
            (suggestion.empty() ? "" : "; did you mean '" + suggestion + "'?"));
  return nullptr;
}

bool Fields::IsMap(const ConfigNode& node, const std::string& path) {
  if (node.kind == ConfigNode::Kind::kMap) return true;
  Add(node, path, "must be a map of keys and values, got " + Shown(node));
  return false;
}

void Fields::Add(const ConfigNode& node, const std::string& path, const std::string& message) {
  problems_->push_back({node.Where(), path, message});
}

void Fields::AddAt(const char* key, const ConfigNode& node, const std::string& message) {
  bad_keys_.insert(key);
  Add(node, JoinPath(key), message);
}

void Fields::Where(SourceLocation* out) const {
  if (reading()) *out = node_->Where();
}

void Fields::Where(const char* key, SourceLocation* out) const {
  if (!reading()) return;
  const ConfigNode::Entry* entry = node_->Find(key);
  *out = entry == nullptr ? node_->Where() : entry->value.Where();
}

void Fields::Where(const char* key, const std::string& name, SourceLocation* out) const {
  if (!reading()) return;
  Where(key, out);
  const ConfigNode::Entry* map = node_->Find(key);
  const ConfigNode::Entry* entry = map == nullptr ? nullptr : map->value.Find(name);
  if (entry != nullptr) *out = entry->value.Where();
}

void Fields::Rule(std::initializer_list<const char*> keys, bool holds, const std::string& message) {
  if (holds || !reading()) return;
  for (const char* key : keys) {
    if (bad_keys_.count(key) > 0) return;
  }
  Problem(keys.size() == 0 ? "" : *keys.begin(), message);
}

void Fields::Problem(const char* key, const std::string& message) {
  if (!reading()) return;
  const ConfigNode::Entry* entry = *key == '\0' ? nullptr : node_->Find(key);
  AddAt(key, entry == nullptr ? *node_ : entry->value, message);
}

void Fields::ProblemIn(const char* key, const std::string& entry, const std::string& message) {
  if (!reading()) return;
  SourceLocation where;
  Where(key, entry, &where);
  bad_keys_.insert(key);
  problems_->push_back({std::move(where), JoinPath(key) + "." + entry, message});
}

bool Fields::Header(const char* kind, int format_version) {
  if (schema_) {
    SchemaNode& kind_field =
        AddSchema("kind", SchemaNode::Type::kChoice, "What this file is.", true);
    kind_field.choices = {kind};
    NumberRules rules{"Version of this file's format.", true};
    rules.min = rules.max = format_version;
    NumberSchema("format_version", SchemaNode::Type::kInteger, rules, "");
    return true;
  }
  std::string found;
  int64_t version = format_version;
  const bool kind_ok = TextField("kind", &found, {"", true, false, {kind}});
  IntegerField("format_version", &version, {"", true});
  if (version != format_version) {
    Problem("format_version",
            "must be " + std::to_string(format_version) + ", got " + std::to_string(version) +
                (version > format_version ? "; this file is for a newer Dustproof" : ""));
  }
  return kind_ok && version == format_version;
}

void Fields::Finish() {
  if (!reading() || unknown_keys_allowed_) return;
  for (const ConfigNode::Entry& entry : node_->entries) {
    if (std::find(known_keys_.begin(), known_keys_.end(), entry.key) != known_keys_.end()) continue;
    const std::string suggestion = SuggestWord(entry.key, known_keys_);
    const std::string way_out = suggestion.empty() ? "; known here: " + Listed(known_keys_)
                                                   : "; did you mean '" + suggestion + "'?";
    problems_->push_back({{node_->Where().file, entry.line, entry.column},
                          JoinPath(entry.key.substr(0, kShownCharacters).c_str()),
                          "unknown key" + way_out});
  }
}

// ---- Schema

SchemaNode& Fields::AddSchema(const char* key, SchemaNode::Type type, const char* doc,
                              bool required) {
  SchemaNode field;
  field.key = key;
  field.type = type;
  field.doc = doc;
  field.required = required;
  schema_->children.push_back(std::move(field));
  return schema_->children.back();
}

void Fields::NumberSchema(const char* key, SchemaNode::Type type, const NumberRules& rules,
                          std::string default_json) {
  SchemaNode& field = AddSchema(key, type, rules.doc, rules.required);
  field.min_is_exclusive = rules.min_exclusive.has_value();
  field.max_is_exclusive = rules.max_exclusive.has_value();
  field.min = rules.min_exclusive ? rules.min_exclusive : rules.min;
  field.max = rules.max_exclusive ? rules.max_exclusive : rules.max;
  if (!rules.required) field.default_json = std::move(default_json);
}

void Fields::TextSchema(const char* key, const TextRules& rules, const std::string* value) {
  const auto type = rules.choices.empty() ? SchemaNode::Type::kText : SchemaNode::Type::kChoice;
  SchemaNode& field = AddSchema(key, type, rules.doc, rules.required);
  field.choices = rules.choices;
  if (!rules.required && value != nullptr && (rules.may_be_empty || !value->empty()))
    field.default_json = Json(*value);
}

void Fields::DurationSchema(const char* key, const DurationRules& rules, const SimDuration* value) {
  SchemaNode& field = AddSchema(key, SchemaNode::Type::kDuration, rules.doc, rules.required);
  if (!rules.required && value != nullptr) field.default_json = Json(FormatDuration(*value));
}

void Fields::TupleSchema(const char* key, size_t count, const ListRules& rules) {
  SchemaNode number, tuple;
  number.type = SchemaNode::Type::kNumber;
  tuple.type = SchemaNode::Type::kTuple;
  tuple.count_min = count;
  tuple.children.push_back(number);
  AddSectionSchema(key, SchemaNode::Type::kList, rules.doc, rules.required, rules.count_min, tuple);
}

void Fields::AddWordSchema(const char* word) {
  MarkOptionalSchema();
  schema_->children.back().choices = {word};
  schema_->children.back().default_json = Json(word);
}

void Fields::MarkOptionalSchema() { schema_->children.back().optional = true; }

void Fields::AddSectionSchema(const char* key, SchemaNode::Type type, const char* doc,
                              bool required, size_t count_min, SchemaNode map) {
  if (type == SchemaNode::Type::kMap) {
    SchemaNode& field = AddSchema(key, type, doc, required);
    field.children = std::move(map.children);
    return;
  }
  SchemaNode& field = AddSchema(key, type, doc, required);
  if (count_min > 0) field.count_min = count_min;
  field.children.push_back(std::move(map));
}

}  // namespace dustproof
