#include <re2/re2.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "libs/base/file.h"
#include "libs/base/strings.h"

// Reads the includes of all sources: calls go down the floors only, SQL stays in stores, gRPC at
// the edges.
namespace slipway {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

// A service calls services on lower floors only.
const std::map<std::string, int> kFloors = {{"auth", 1},   {"pipeline", 2}, {"build", 3},
                                            {"gitops", 4}, {"trigger", 5},  {"gateway", 6}};
// The runner stands outside the floors: it dials build and identifies itself at auth.
const std::set<std::string> kRunnerCalls = {"auth", "build"};
// Folders of a service that speak gRPC: its own interface, and the adapters to its peers.
const std::set<std::string> kRpcFolders = {"api", "backend", "client", "clients", "link", "peers"};

struct Source {
  std::string path;  // from the root: "services/build/store/job_store.cc"
  std::vector<std::string> parts;
  std::string text;
  Names includes;
};

fs::path Root() {
  const char* root = std::getenv("SLIPWAY_SOURCE_DIR");
  REQUIRE(root != nullptr);
  return root;
}

Names IncludesOf(const std::string& text) {
  Names includes;
  for (const std::string& line : Split(text, '\n')) {
    if (line.rfind("#include", 0) != 0) continue;
    const size_t open = line.find_first_of("\"<");
    const size_t close = line.find_first_of("\">", open + 1);
    if (close != std::string::npos) includes.push_back(line.substr(open + 1, close - open - 1));
  }
  return includes;
}

// All C++ sources below `folders`.
std::vector<Source> SourcesBelow(const Names& folders) {
  std::vector<Source> sources;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(Root() / folder)) {
      const std::string extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc")) continue;
      const auto text = ReadFile(entry.path());
      REQUIRE(text.ok());
      const std::string path = fs::relative(entry.path(), Root());
      sources.push_back({path, Split(path, '/'), *text, IncludesOf(*text)});
    }
  }
  REQUIRE(sources.size() > 50);
  return sources;
}

bool IsTest(const Source& source) {
  const std::string& file = source.parts.back();
  const auto is_test_folder = [](const std::string& part) {
    return part == "tests" || part == "testing";
  };
  return file.ends_with("_test.cc") || file.find("test_") == 0 || file.find("fake_") == 0 ||
         std::any_of(source.parts.begin(), source.parts.end(), is_test_folder);
}

// "pipeline" of "slipway/pipeline/v1/pipeline.pb.h"; "" for another include.
std::string ContractOf(const std::string& include) {
  const Names parts = Split(include, '/');
  return parts.size() == 4 && parts[0] == "slipway" ? parts[1] : "";
}

}  // namespace

TEST_CASE("no service knows the contract of a higher floor") {
  Names wrong;
  for (const Source& source : SourcesBelow({"services"})) {
    const std::string& service = source.parts[1];
    for (const std::string& include : source.includes) {
      const auto called = kFloors.find(ContractOf(include));
      if (called == kFloors.end() || called->first == service) continue;
      const bool allowed = service == "runner" ? kRunnerCalls.count(called->first) > 0
                                               : kFloors.at(service) > called->second;
      if (!allowed) wrong.push_back(source.path + ": " + include);
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("services include no other service, and libs include none") {
  Names wrong;
  for (const Source& source : SourcesBelow({"services", "libs"})) {
    for (const std::string& include : source.includes) {
      const Names parts = Split(include, '/');
      if (parts[0] != "services") continue;
      if (source.parts[0] == "libs" || parts[1] != source.parts[1])
        wrong.push_back(source.path + ": " + include);
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("gRPC stubs appear at the edges of a service only") {
  Names wrong;
  for (const Source& source : SourcesBelow({"services"})) {
    const std::string& folder = source.parts[2];
    const bool edge = kRpcFolders.count(folder) > 0 || folder.rfind("app.", 0) == 0 ||
                      folder.rfind("service.", 0) == 0;
    if (edge || IsTest(source)) continue;
    for (const std::string& include : source.includes) {
      if (include.ends_with(".grpc.pb.h")) wrong.push_back(source.path + ": " + include);
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("the domain of a service knows neither gRPC nor SQL nor its own interface") {
  Names wrong;
  for (const Source& source : SourcesBelow({"services"})) {
    if (source.parts[2] != "domain" || IsTest(source)) continue;
    for (const std::string& include : source.includes) {
      const bool foreign = include.ends_with(".grpc.pb.h") || include.rfind("grpc", 0) == 0 ||
                           include.rfind("pqxx", 0) == 0 ||
                           include.find("/api/") != std::string::npos;
      if (foreign) wrong.push_back(source.path + ": " + include);
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("use cases know the store, never the other way round, and stay out of a pure domain") {
  const auto sources = SourcesBelow({"services"});
  std::set<std::string> with_engine;
  for (const Source& source : sources) {
    if (source.parts[2] == "engine") with_engine.insert(source.parts[1]);
  }
  REQUIRE(with_engine.count("build") > 0);
  Names wrong;
  for (const Source& source : sources) {
    const std::string& folder = source.parts[2];
    const bool pure = folder == "domain" && with_engine.count(source.parts[1]) > 0;
    for (const std::string& include : source.includes) {
      const Names parts = Split(include, '/');
      if (parts[0] != "services" || parts.size() < 4) continue;
      const bool upward =
          folder == "store" && (parts[2] == "engine" || kRpcFolders.count(parts[2]) > 0);
      const bool impure = pure && parts[2] != "domain";
      if ((upward || impure) && !IsTest(source)) wrong.push_back(source.path + ": " + include);
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("the database's library is used by libs/db only, and SQL by stores and libs") {
  Names wrong;
  for (const Source& source : SourcesBelow({"services", "libs"})) {
    const bool store = source.parts[0] == "services" && source.parts[2] == "store";
    for (const std::string& include : source.includes) {
      const bool driver = include.rfind("pqxx", 0) == 0;
      if (driver && !store && source.path.rfind("libs/db/", 0) != 0 && !IsTest(source)) {
        wrong.push_back(source.path + ": " + include);
      }
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("S15: every SQL text is a constant, and parameters are never part of it") {
  const RE2 statement(R"(\bSql\s*(?:[{(]|\w+\s*[{(=;]))");
  Names wrong;
  for (const Source& source : SourcesBelow({"services", "libs"})) {
    if (IsTest(source) || source.path == "libs/db/sql.h") continue;
    for (const std::string& line : Split(source.text, '\n')) {
      const bool comment = Trim(line).rfind("//", 0) == 0;
      const bool script =
          line.find("ExecScript(") != std::string::npos && source.path.rfind("libs/db/", 0) != 0;
      const bool made =
          RE2::PartialMatch(line, statement) && line.find("constexpr ") == std::string::npos;
      if (!comment && (script || made)) wrong.push_back(source.path + ": " + line);
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("S3: secrets are compared by the one routine that takes the same time for all") {
  const auto routine = ReadFile((Root() / "libs/base/encoding.cc").string());
  REQUIRE(routine.ok());
  CHECK(routine->find("sodium_memcmp(") != std::string::npos);
  const auto signature = ReadFile((Root() / "libs/forge/signature.cc").string());
  REQUIRE(signature.ok());
  CHECK(signature->find("ConstantTimeEquals(") != std::string::npos);
  CHECK(signature->find("memcmp(") == std::string::npos);
}

TEST_CASE("S10: no program of ours opens git's or HTTP's way out without the guard") {
  Names wrong;
  for (const Source& source : SourcesBelow({"services"})) {
    if (IsTest(source)) continue;
    for (size_t at = source.text.find("GitCli::Create("); at != std::string::npos;
         at = source.text.find("GitCli::Create(", at + 1)) {
      const std::string call = source.text.substr(at, source.text.find(';', at) - at);
      if (call.find(".guard = ") == std::string::npos) wrong.push_back(source.path + ": " + call);
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("Beast stays in libs/http, and libcurl there and in the client of Kubernetes") {
  Names wrong;
  for (const Source& source : SourcesBelow({"services", "libs", "tools"})) {
    if (source.path.rfind("libs/http/", 0) == 0) continue;
    for (const std::string& include : source.includes) {
      const bool server =
          include.rfind("boost/beast", 0) == 0 || include.rfind("boost/asio", 0) == 0;
      // Many requests and endless answers on one thread need libcurl's own loop.
      const bool client =
          include.rfind("curl/", 0) == 0 && source.path.rfind("libs/kube/client/", 0) != 0;
      if (server || client) wrong.push_back(source.path + ": " + include);
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("nothing runs a shell, and no regular expression is std's") {
  // In two parts, so that this file does not name them itself.
  const Names forbidden = {std::string(" sys") + "tem(", std::string(" po") + "pen(",
                           std::string("std::re") + "gex", std::string("<re") + "gex>",
                           std::string("std::sys") + "tem("};
  Names wrong;
  for (const Source& source : SourcesBelow({"services", "libs", "tools", "tests"})) {
    for (const std::string& word : forbidden) {
      if (source.text.find(word) != std::string::npos) wrong.push_back(source.path + ": " + word);
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("no source names the machine that it was written on") {
  const Names machine = {std::string("/work") + "/main", std::string("/work") + "/shared",
                         std::string("/tmp") + "/w/", Root().string() + "/"};
  const std::set<std::string> own_folders = {"build",    ".git",   ".deps",
                                             ".slipway", ".cache", "__pycache__"};
  Names wrong;
  for (auto entry = fs::recursive_directory_iterator(Root());
       entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->is_directory() && own_folders.count(entry->path().filename()) > 0) {
      entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file() || entry->file_size() > (4 << 20)) continue;
    const auto text = ReadFile(entry->path());
    if (!text.ok()) continue;
    for (const std::string& word : machine) {
      if (text->find(word) != std::string::npos)
        wrong.push_back(fs::relative(entry->path(), Root()).string() + ": " + word);
    }
  }
  CHECK(wrong == Names{});
}

}  // namespace slipway
