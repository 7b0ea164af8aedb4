#include "tools/slipway/manifest/manifest.h"

#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/strings.h"
#include "libs/yaml/parser.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/names/name.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

constexpr std::string_view kApiVersion = "slipway/v1";
constexpr size_t kMaxSecret = 256 << 10;

// Reads one document; collects its problems.
class Reader {
 public:
  Reader(const ManifestSources& sources, Problems& problems)
      : sources_(sources), problems_(problems) {}

  // Empty for a document without a kind or a name.
  std::optional<ManifestItem> Read(yaml::Document document) {
    yaml::Node root = document.root();
    std::vector<Unfilled> unfilled;
    Substitute(root, "", sources_.variables,
               [&](yaml::Mark mark, const std::string& path, const std::string& problem) {
                 unfilled.push_back({mark.line, path, problem});
               });
    ManifestItem item{
        .kind = nullptr, .name = {}, .resource = {}, .document = yaml::Document(std::move(root))};
    document_ = &item.document;
    for (const Unfilled& one : unfilled)
      problems_.Add(item.document, one.path, one.problem, one.line);
    const bj::value json = item.document.ToJson();
    if (!json.is_object()) {
      Problem("", "expected a document with apiVersion, kind, metadata and spec");
      return std::nullopt;
    }
    ReadHead(json.get_object(), item);
    if (item.kind == nullptr || item.name.empty()) return std::nullopt;
    ReadSpec(json.get_object(), item);
    return item;
  }

 private:
  struct Unfilled {
    int line;
    std::string path;
    std::string problem;
  };

  void Problem(const std::string& path, const std::string& problem) {
    problems_.Add(*document_, path, problem);
  }

  void CheckMembers(const bj::object& object, const std::string& path,
                    const std::vector<std::string>& known) {
    for (const auto& [key, value] : object) {
      const std::string member(key);
      if (std::find(known.begin(), known.end(), member) != known.end()) continue;
      const std::string meant = DidYouMean(member, known);
      Problem(path.empty() ? member : path + "." + member,
              meant.empty() ? "unknown member; there are " + Join(known, ", ")
                            : "unknown member; did you mean \"" + meant + "\"?");
    }
  }

  void ReadHead(const bj::object& json, ManifestItem& item) {
    CheckMembers(json, "", {"apiVersion", "kind", "metadata", "spec", "status"});
    const std::string version = Text(json, "apiVersion");
    if (version != kApiVersion) {
      Problem("apiVersion", version.empty()
                                ? "is needed: " + std::string(kApiVersion)
                                : "\"" + Truncate(version, 60) + "\" is not known here; write " +
                                      std::string(kApiVersion));
    }
    const std::string word = Text(json, "kind");
    std::vector<std::string> kinds;
    for (const Kind& kind : AllKinds()) {
      if (kind.applied && kind.name == word) item.kind = &kind;
      if (kind.applied) kinds.emplace_back(kind.name);
    }
    if (item.kind == nullptr) {
      const std::string meant = DidYouMean(word, kinds);
      Problem("kind", word.empty()    ? "is needed: one of " + Join(kinds, ", ")
                      : meant.empty() ? "\"" + Truncate(word, 60) +
                                            "\" can't be applied; there are " + Join(kinds, ", ")
                                      : "\"" + Truncate(word, 60) +
                                            "\" can't be applied; did you mean \"" + meant + "\"?");
      return;
    }
    const bj::value* metadata = json.if_contains("metadata");
    if (metadata == nullptr || !metadata->is_object()) {
      return Problem("metadata", "is needed, with a name");
    }
    CheckMembers(metadata->get_object(), "metadata", {"project", "app", "environment", "name"});
    for (const auto& [key, value] : metadata->get_object()) {
      if (!value.is_string()) Problem("metadata." + std::string(key), "expected text");
    }
    const auto name = NameOfMetadata(*item.kind, metadata->get_object(), sources_.project);
    if (name.ok()) {
      item.name = *name;
    } else {
      for (const auto& violation : DetailsOf(name.status()).field_violations)
        Problem(violation.field, violation.description);
    }
  }

  void ReadSpec(const bj::object& json, ManifestItem& item) {
    bj::object spec;
    if (const bj::value* given = json.if_contains("spec"); given != nullptr && !given->is_null()) {
      if (!given->is_object()) return Problem("spec", "expected a mapping");
      spec = given->get_object();
    }
    for (const std::string_view secret : item.kind->secrets) ReadSecret(secret, *item.kind, spec);
    for (const char* member : {"role", "provider"}) {
      bj::value* word = spec.if_contains(member);
      if (word == nullptr || !word->is_string()) continue;
      for (char& c : word->get_string()) c = c == '-' ? '_' : c;  // build-and-deploy, azure-devops
    }
    item.resource["name"] = item.name;
    item.resource["spec"] = std::move(spec);
  }

  // {fromFile: PATH}, {fromEnv: NAME} or {value: TEXT}. `member` of the spec, or of a message in
  // it: "kubernetes.token".
  void ReadSecret(std::string_view member, const Kind& kind, bj::object& spec) {
    const std::string path = "spec." + std::string(member);
    bj::object* holder = &spec;
    const size_t dot = member.find('.');
    if (dot != std::string_view::npos) {
      bj::value* inner = spec.if_contains({member.data(), dot});
      if (inner == nullptr || !inner->is_object()) return;
      holder = &inner->get_object();
      member.remove_prefix(dot + 1);
    }
    bj::value* given = holder->if_contains({member.data(), member.size()});
    if (given == nullptr || given->is_null()) return;
    constexpr char kForms[] = "expected one of {fromFile: PATH}, {fromEnv: NAME} and {value: TEXT}";
    if (!given->is_object() || given->get_object().size() != 1 ||
        !given->get_object().begin()->value().is_string()) {
      return Problem(path, kForms);
    }
    const std::string form(given->get_object().begin()->key());
    const std::string text(given->get_object().begin()->value().get_string());
    std::string secret = text;
    if (form == "fromFile") {
      const std::string file = text.starts_with("/") ? text : sources_.folder + "/" + text;
      const auto content = ReadFile(file, kMaxSecret);
      if (!content.ok()) return Problem(path + ".fromFile", MessageOf(content.status()));
      secret = *content;
      if (!secret.empty() && secret.back() == '\n') secret.pop_back();
    } else if (form == "fromEnv") {
      const auto value = sources_.variables(text);
      if (!value)
        return Problem(path + ".fromEnv", "\"" + text + "\" is not set in the environment");
      secret = *value;
    } else if (form != "value") {
      return Problem(path + "." + form, kForms);
    }
    if (secret.empty()) return Problem(path, "is empty; leave it out to keep what is stored");
    if (kind.name == "User") {
      *given = secret;
    } else {
      *given = {{"value", secret}};
    }
  }

  const ManifestSources& sources_;
  Problems& problems_;
  const yaml::Document* document_ = nullptr;
};

bool IsEmpty(std::string_view key, const bj::value& value) {
  static const std::set<std::string_view> kMaps = {"env",    "args",    "inputs",
                                                   "values", "refused", "variables"};
  if (value.is_string())
    return value.get_string().empty() || value.get_string().ends_with("_UNSPECIFIED");
  if (value.is_array()) return value.get_array().empty();
  // Of other members an empty object says something: "recreate: {}".
  return value.is_null() ||
         (value.is_object() && value.get_object().empty() && kMaps.count(key) > 0);
}

// In a spec "false" says no more than nothing.
void DropFalse(bj::value& value) {
  if (value.is_array()) {
    for (bj::value& item : value.get_array()) DropFalse(item);
  }
  if (!value.is_object()) return;
  bj::object kept;
  for (auto& [key, item] : value.get_object()) {
    if (item.is_bool() && !item.get_bool()) continue;
    DropFalse(item);
    kept[key] = std::move(item);
  }
  value = std::move(kept);
}

// Enums of definitions as people write them.
void LowerEnums(bj::value& value) {
  if (value.is_array()) {
    for (bj::value& item : value.get_array()) LowerEnums(item);
  }
  if (!value.is_object()) return;
  static const std::set<std::string_view> kEnums = {"trigger", "forge", "provider", "role"};
  for (auto& [key, item] : value.get_object()) {
    const std::string_view name(key.data(), key.size());
    if (name == "env" || name == "args" || name == "inputs") continue;
    if (item.is_string() && kEnums.count(name) > 0) {
      for (char& c : item.get_string())
        c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else {
      LowerEnums(item);
    }
  }
}

// `value` without the members at the paths `dropped`.
bj::value Kept(const bj::value& value, const std::string& path,
               const std::set<std::string>& dropped) {
  if (value.is_array()) {
    bj::array list;
    size_t index = 0;
    for (const bj::value& item : value.get_array())
      list.push_back(Kept(item, path + "[" + std::to_string(index++) + "]", dropped));
    return list;
  }
  if (!value.is_object()) return value;
  bj::object object;
  for (const auto& [key, item] : value.get_object()) {
    const std::string place = (path.empty() ? "" : path + ".") + std::string(key);
    if (dropped.count(place) == 0) object[key] = Kept(item, place, dropped);
  }
  return object;
}

// In {...} YAML takes the brace of a plain ${NAME} for its own.
std::string QuotesHint(std::string_view text, const std::string& line) {
  const std::vector<std::string> lines = Split(text, '\n');
  const size_t number = std::strtoul(line.c_str(), nullptr, 10);
  const bool has_variable =
      number > 0 && number <= lines.size() && lines[number - 1].find("${") != std::string::npos;
  return has_variable ? "; write ${NAME} in quotes" : "";
}

}  // namespace

std::string ManifestItem::OwnPath(std::string_view path) {
  std::string own(path);
  for (const std::string_view part : {"spec", "metadata"}) {
    for (size_t at = own.find(part); at != std::string::npos; at = own.find(part, at + 1)) {
      const size_t end = at + part.size();
      const bool whole = (at == 0 || own[at - 1] == '.') &&
                         (end == own.size() || own[end] == '.' || own[end] == '[');
      if (!whole) continue;
      own = own.substr(at);
      break;
    }
  }
  if (own == "name" || own == "parent" || own.ends_with(".name")) {
    if (!own.starts_with("spec") && !own.starts_with("metadata")) own = "metadata.name";
  }
  return own;
}

std::string ManifestItem::OwnText(std::string_view path, std::string_view problem) {
  if (!path.empty() && problem.starts_with(std::string(path) + ": "))
    problem.remove_prefix(path.size() + 2);
  return std::string(problem);
}

std::string ManifestItem::Describe(const std::string& file, std::string_view path,
                                   std::string_view problem) const {
  const std::string own = OwnPath(path);
  return file + ":" + std::to_string(document.LineOf(own).line) + ": " +
         (own.empty() ? "" : own + ": ") + OwnText(path, problem);
}

bj::object ManifestItem::Without(const std::vector<std::string>& paths) const {
  std::set<std::string> dropped;
  for (const std::string& path : paths)
    dropped.insert(path.ends_with(']') ? path.substr(0, path.rfind('[')) : path);
  return Kept(resource, "", dropped).get_object();
}

Manifest ReadManifest(const std::string& file, std::string_view text,
                      const ManifestSources& sources) {
  Manifest manifest{.file = file, .problems = Problems(file)};
  const auto documents = yaml::Parse(text);
  if (!documents.ok()) {
    std::map<std::string, std::string> where;
    for (const auto& [key, value] : DetailsOf(documents.status()).metadata) where[key] = value;
    manifest.named = false;
    if (where.count("line") == 0) {
      manifest.problems.Add(0, MessageOf(documents.status()));
    } else {
      manifest.problems.Add(std::atoi(where["line"].c_str()),
                            where["problem"] + QuotesHint(text, where["line"]));
    }
    return manifest;
  }
  std::map<std::string, int> lines;
  Reader reader(sources, manifest.problems);
  for (const yaml::Document& document : *documents) {
    std::optional<ManifestItem> item = reader.Read(document);
    manifest.named = manifest.named && item.has_value();
    if (!item) continue;
    const auto [first, is_new] = lines.emplace(item->name, item->document.root().mark.line);
    if (is_new) {
      manifest.items.push_back(*std::move(item));
    } else {
      manifest.problems.Add(item->document, "metadata.name",
                            std::string(item->kind->name) + " " + ShortName(item->name) +
                                " stands in this file already, at line " +
                                std::to_string(first->second));
    }
  }
  if (documents->empty()) manifest.problems.Add(0, "holds no document");
  return manifest;
}

bj::value WithoutEmpty(const bj::value& value) {
  if (value.is_array()) {
    bj::array list;
    for (const bj::value& item : value.get_array()) list.push_back(WithoutEmpty(item));
    return list;
  }
  if (!value.is_object()) return value;
  bj::object object;
  for (const auto& [key, item] : value.get_object()) {
    if (!IsEmpty({key.data(), key.size()}, item)) object[key] = WithoutEmpty(item);
  }
  return object;
}

bj::object ToManifest(const Kind& kind, const bj::value& resource) {
  bj::object document = {{"apiVersion", std::string(kApiVersion)},
                         {"kind", std::string(kind.name)}};
  document["metadata"] = MetadataOfName(Text(resource, "name"));
  bj::value spec = WithoutEmpty(Object(resource, "spec"));
  for (const std::string_view secret : kind.secrets)
    spec.get_object().erase({secret.data(), secret.size()});
  LowerEnums(spec);
  DropFalse(spec);
  document["spec"] = std::move(spec);
  bj::value status = WithoutEmpty(Object(resource, "status"));
  if (!status.get_object().empty()) document["status"] = std::move(status);
  return document;
}

}  // namespace slipway::cli
