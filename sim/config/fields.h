#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/config/node.h"
#include "sim/config/schema.h"
#include "sim/core/time.h"

namespace dustproof {

struct FieldRules {
  const char* doc = "";
  bool required = false;
};
struct NumberRules {
  const char* doc = "";
  bool required = false;
  std::optional<double> min = {};
  std::optional<double> max = {};
  std::optional<double> min_exclusive = {};
  std::optional<double> max_exclusive = {};
};
struct TextRules {
  const char* doc = "";
  bool required = false;
  bool may_be_empty = false;
  std::vector<std::string> choices = {};  ///< Where not empty: the only words allowed.
};
struct DurationRules {
  const char* doc = "";
  bool required = false;
  std::optional<SimDuration> min = {};
  std::optional<SimDuration> max = {};
};
struct ListRules {
  const char* doc = "";
  bool required = false;
  size_t count_min = 0;
};

/// A name in YAML for a value of an enum; tables of these are C arrays.
template <typename E>
struct Named {
  const char* name;
  E value;
};

/// The word of `table` for `value`.
template <typename E, size_t N>
const char* NameOf(E value, const Named<E> (&table)[N]) {
  for (const Named<E>& row : table) {
    if (row.value == value) return row.name;
  }
  return "?";
}

/// By line, then column, both stable: the order in which a reader of the file meets them.
void SortByPlace(std::vector<Diagnostic>* problems);

/// Visits the fields of one map of a configuration file. `config.h` has an example and the whole
/// story.
///
/// A struct calls these from `void Describe(Fields& f)`, once per field. In reading mode each call
/// fills its variable from the file, or notes a problem and leaves the variable alone. In schema
/// mode each call notes name, type, rules and, from the variable itself, the default; nothing is
/// changed.
class Fields {
 public:
  /// Reading. `node` and `problems` are borrowed.
  Fields(const ConfigNode& node, std::string path, std::vector<Diagnostic>* problems);
  /// Schema. `schema` is borrowed.
  explicit Fields(SchemaNode* schema) : schema_(schema) {}

  bool reading() const { return node_ != nullptr; }
  /// Dotted path of this map, e.g. `rooms[2]`; empty at the root.
  const std::string& path() const { return path_; }

  void Number(const char* key, double* out, const NumberRules& rules = {});
  void Number(const char* key, std::optional<double>* out, const NumberRules& rules = {});
  void Integer(const char* key, int64_t* out, const NumberRules& rules = {});
  void Integer(const char* key, std::optional<int64_t>* out, const NumberRules& rules = {});
  void Integer(const char* key, int* out, const NumberRules& rules = {});
  void Bool(const char* key, bool* out, const FieldRules& rules = {});
  void Bool(const char* key, std::optional<bool>* out, const FieldRules& rules = {});
  void Text(const char* key, std::string* out, const TextRules& rules = {});
  void Text(const char* key, std::optional<std::string>* out, const TextRules& rules = {});
  /// `200ms`, `5s`, `20min`, `1h30min`; also `d`, `us`, `ns`, and decimals (`1.5s`).
  void Duration(const char* key, SimDuration* out, const DurationRules& rules = {});
  void Duration(const char* key, std::optional<SimDuration>* out, const DurationRules& rules = {});

  template <typename E, size_t N>
  void Choice(const char* key, E* out, const Named<E> (&table)[N], const FieldRules& rules = {}) {
    std::string name = NameOf(*out, table);
    const TextRules text{rules.doc, rules.required, false, Names(table)};
    Text(key, &name, text);
    for (const Named<E>& row : table) {
      if (name == row.name) *out = row.value;
    }
  }
  template <typename E, size_t N>
  void Choice(const char* key, std::optional<E>* out, const Named<E> (&table)[N],
              const FieldRules& rules = {}) {
    std::optional<std::string> name;
    if (*out) name = NameOf(**out, table);
    Text(key, &name, {rules.doc, rules.required, false, Names(table)});
    for (const Named<E>& row : table) {
      if (name && *name == row.name) *out = row.value;
    }
  }

  /// A list of exactly N numbers, e.g. a point `[x, y]`.
  template <size_t N>
  void Tuple(const char* key, std::array<double, N>* out, const NumberRules& rules = {}) {
    TupleField(key, out->data(), N, rules, true);
  }
  template <size_t N>
  void Tuple(const char* key, std::optional<std::array<double, N>>* out,
             const NumberRules& rules = {}) {
    std::array<double, N> values = out->value_or(std::array<double, N>{});
    if (TupleField(key, values.data(), N, rules, out->has_value())) *out = values;
  }
  void Numbers(const char* key, std::vector<double>* out, const ListRules& rules = {});
  void Texts(const char* key, std::vector<std::string>* out, const ListRules& rules = {});
  /// A list of number lists, e.g. a polygon `[[0, 0], [4, 0], [4, 3]]`.
  template <size_t N>
  void Tuples(const char* key, std::vector<std::array<double, N>>* out,
              const ListRules& rules = {}) {
    if (schema_) return TupleSchema(key, N, rules);
    const ConfigNode* list = FindList(key, rules);
    if (list == nullptr) return;
    std::vector<std::array<double, N>> read(list->items.size());
    bool ok = true;
    for (size_t i = 0; i < read.size(); ++i) {
      ok &= ReadTuple(list->items[i], ItemPath(key, i), read[i].data(), N, {});
    }
    if (ok) *out = std::move(read);
  }

  /// A map inside this one: a struct with `Describe`. Where it is absent, the struct keeps its
  /// defaults.
  template <typename T>
  void Section(const char* key, T* out, const FieldRules& rules = {}) {
    if (schema_) return SectionSchema<T>(key, SchemaNode::Type::kMap, rules.doc, rules.required, 0);
    if (const ConfigNode* node = FindMap(key, rules.required)) ReadMap(*node, JoinPath(key), out);
  }
  template <typename T>
  void Section(const char* key, std::optional<T>* out, const FieldRules& rules = {}) {
    if (schema_) {
      SectionSchema<T>(key, SchemaNode::Type::kMap, rules.doc, rules.required, 0);
      return MarkOptionalSchema();
    }
    if (const ConfigNode* node = FindMap(key, rules.required))
      ReadMap(*node, JoinPath(key), &out->emplace());
  }
  /// One word, or a map that says more. The word stands for nothing, as does an absent key.
  template <typename T>
  void WordOrSection(const char* key, const char* word, std::optional<T>* out,
                     const FieldRules& rules = {}) {
    if (schema_) {
      SectionSchema<T>(key, SchemaNode::Type::kMap, rules.doc, rules.required, 0);
      return AddWordSchema(word);
    }
    if (const ConfigNode* node = FindMapUnlessWord(key, word, rules.required))
      ReadMap(*node, JoinPath(key), &out->emplace());
  }
  /// A list of maps.
  template <typename T>
  void List(const char* key, std::vector<T>* out, const ListRules& rules = {}) {
    if (schema_)
      return SectionSchema<T>(key, SchemaNode::Type::kList, rules.doc, rules.required,
                              rules.count_min);
    const ConfigNode* list = FindList(key, rules);
    if (list == nullptr) return;
    out->assign(list->items.size(), T{});
    for (size_t i = 0; i < out->size(); ++i) {
      if (IsMap(list->items[i], ItemPath(key, i)))
        ReadMap(list->items[i], ItemPath(key, i), &(*out)[i]);
    }
  }
  /// A map from names of the author's choice to maps of one shape, in the order written.
  template <typename T>
  void Dictionary(const char* key, std::vector<std::pair<std::string, T>>* out,
                  const FieldRules& rules = {}) {
    if (schema_)
      return SectionSchema<T>(key, SchemaNode::Type::kDictionary, rules.doc, rules.required, 0);
    const ConfigNode* map = FindMap(key, rules.required);
    if (map == nullptr) return;
    out->clear();
    for (const ConfigNode::Entry& entry : map->entries) {
      const std::string path = JoinPath(key) + "." + entry.key;
      out->emplace_back(entry.key, T{});
      if (IsMap(entry.value, path)) ReadMap(entry.value, path, &out->back().second);
    }
  }
  /// A map from names of the author's choice to words.
  void TextDictionary(const char* key, std::vector<std::pair<std::string, std::string>>* out,
                      const TextRules& rules = {});

  /// Where this map, or one of its fields, stands; for messages about it later. Untouched in schema
  /// mode.
  void Where(SourceLocation* out) const;
  void Where(const char* key, SourceLocation* out) const;
  /// The same for an entry of the map `key`, whose names are of the author's choice.
  void Where(const char* key, const std::string& entry, SourceLocation* out) const;

  /// A rule over several fields: notes `message` at the first key unless it holds. Skipped in
  /// schema mode and where one of the fields already has a problem, which would only be repeated.
  void Rule(std::initializer_list<const char*> keys, bool holds, const std::string& message);
  /// Notes a problem with `key` (or with the map itself: empty key).
  void Problem(const char* key, const std::string& message);
  /// Notes a problem with an entry of the map `key`.
  void ProblemIn(const char* key, const std::string& entry, const std::string& message);
  /// The value as written, for shapes that nothing above fits; null where absent and in schema
  /// mode. Marks the key as known.
  const ConfigNode* Raw(const char* key);
  void AllowUnknownKeys() { unknown_keys_allowed_ = true; }

  /// Checks `kind:` and `format_version:` of a file. Returns false where reading on makes no sense.
  bool Header(const char* kind, int format_version);
  /// Reports unknown keys. Called by whoever made this object, after `Describe`.
  void Finish();

 private:
  template <typename E, size_t N>
  static std::vector<std::string> Names(const Named<E> (&table)[N]) {
    std::vector<std::string> names;
    for (const Named<E>& row : table) names.push_back(row.name);
    return names;
  }
  template <typename T>
  void ReadMap(const ConfigNode& node, const std::string& path, T* out) {
    Fields fields(node, path, problems_);
    out->Describe(fields);
    fields.Finish();
  }
  template <typename T>
  void SectionSchema(const char* key, SchemaNode::Type type, const char* doc, bool required,
                     size_t count_min) {
    SchemaNode map;
    Fields fields(&map);
    T{}.Describe(fields);
    AddSectionSchema(key, type, doc, required, count_min, std::move(map));
  }
  void AddSectionSchema(const char* key, SchemaNode::Type type, const char* doc, bool required,
                        size_t count_min, SchemaNode map);
  /// To the field added last: it may be this word, and is where it is absent.
  void AddWordSchema(const char* word);
  /// To the field added last: it has no defaults where it is absent.
  void MarkOptionalSchema();

  SchemaNode& AddSchema(const char* key, SchemaNode::Type type, const char* doc, bool required);
  void NumberSchema(const char* key, SchemaNode::Type type, const NumberRules& rules,
                    std::string default_json);
  void TextSchema(const char* key, const TextRules& rules, const std::string* value);
  void DurationSchema(const char* key, const DurationRules& rules, const SimDuration* value);
  void TupleSchema(const char* key, size_t count, const ListRules& rules);

  std::string JoinPath(const char* key) const;
  std::string ItemPath(const char* key, size_t index) const;
  const ConfigNode* FindValue(const char* key, bool required);
  const ConfigNode* FindScalar(const char* key, bool required, const char* what);
  const ConfigNode* FindList(const char* key, const ListRules& rules);
  const ConfigNode* FindMap(const char* key, bool required);
  const ConfigNode* FindMapUnlessWord(const char* key, const char* word, bool required);
  bool IsMap(const ConfigNode& node, const std::string& path);
  void Add(const ConfigNode& node, const std::string& path, const std::string& message);
  void AddAt(const char* key, const ConfigNode& node, const std::string& message);

  bool ReadNumber(const ConfigNode& node, const std::string& path, double* out,
                  const NumberRules& rules);
  bool ReadTuple(const ConfigNode& node, const std::string& path, double* out, size_t count,
                 const NumberRules& rules);
  /// True where the field was there and good.
  bool TupleField(const char* key, double* out, size_t count, const NumberRules& rules,
                  bool has_default);
  bool NumberField(const char* key, double* out, const NumberRules& rules);
  bool IntegerField(const char* key, int64_t* out, const NumberRules& rules);
  bool BoolField(const char* key, bool* out, const FieldRules& rules);
  bool TextField(const char* key, std::string* out, const TextRules& rules);
  bool DurationField(const char* key, SimDuration* out, const DurationRules& rules);

  const ConfigNode* node_ = nullptr;
  SchemaNode* schema_ = nullptr;
  std::string path_;
  std::vector<Diagnostic>* problems_ = nullptr;
  std::vector<std::string> known_keys_;
  std::set<std::string> bad_keys_;
  bool unknown_keys_allowed_ = false;
};

}  // namespace dustproof
