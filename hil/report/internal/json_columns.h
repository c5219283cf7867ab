#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace dustproof::internal {

using Json = nlohmann::ordered_json;

/// A key of a JSON object: what it may hold, and what is written there. Writer and schema both come from it, so that the two can't
/// drift apart.
template <typename T>
struct JsonColumn {
  const char* key;
  Json schema;  ///< JSON Schema of the value, with its description.
  std::function<Json(const T&)> value;
};
template <typename T>
using JsonColumns = std::vector<JsonColumn<T>>;

template <typename T>
Json ObjectOf(const JsonColumns<T>& columns, const T& row) {
  Json object = Json::object();
  for (const JsonColumn<T>& column : columns) object[column.key] = column.value(row);
  return object;
}

template <typename T>
Json RowsOf(const JsonColumns<T>& columns, const std::vector<T>& rows) {
  Json array = Json::array();
  for (const T& row : rows) array.push_back(ObjectOf(columns, row));
  return array;
}

/// Every key is required, and no other is allowed.
template <typename T>
Json SchemaOf(const JsonColumns<T>& columns, const std::string& doc) {
  Json properties = Json::object(), required = Json::array();
  for (const JsonColumn<T>& column : columns) {
    properties[column.key] = column.schema;
    required.push_back(column.key);
  }
  return {{"type", "object"}, {"description", doc}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
}

inline Json TypeSchema(const char* type, const char* doc) { return {{"type", type}, {"description", doc}}; }
inline Json TextSchema(const char* doc) { return TypeSchema("string", doc); }
inline Json NumberSchema(const char* doc) { return TypeSchema("number", doc); }
inline Json CountSchema(const char* doc) { return {{"type", "integer"}, {"minimum", 0}, {"description", doc}}; }
inline Json NumberOrNullSchema(const char* doc) { return {{"type", Json::array({"number", "null"})}, {"description", doc}}; }
inline Json ChoiceSchema(const std::vector<std::string>& words, const char* doc) { return {{"enum", words}, {"description", doc}}; }
inline Json ListSchema(const Json& items, const char* doc) { return {{"type", "array"}, {"items", items}, {"description", doc}}; }

}  // namespace dustproof::internal
