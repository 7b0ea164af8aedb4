#include "services/trigger/domain/path_glob.h"

#include <catch2/catch.hpp>
#include <string>

namespace slipway::trigger {

TEST_CASE("path patterns match as people expect") {
  const struct {
    const char* pattern;
    const char* path;
    bool matches;
  } cases[] = {
      {"docs/**", "docs/readme.md", true},
      {"docs/**", "docs/a/b/c.md", true},
      {"docs/**", "docs", true},
      {"docs/**", "docs2/readme.md", false},
      {"docs/**", "src/docs/x", false},
      {"docs/", "docs/a/b", true},
      {"docs/*", "docs/a", true},
      {"docs/*", "docs/a/b", false},
      {"**/*.md", "README.md", true},
      {"**/*.md", "a/b/c.md", true},
      {"**/*.md", "a/b/c.mdx", false},
      {"*.md", "a/b.md", false},
      {"src/**/test/*.c", "src/test/a.c", true},
      {"src/**/test/*.c", "src/x/y/test/a.c", true},
      {"src/**/test/*.c", "src/x/a.c", false},
      {"a?c", "abc", true},
      {"a?c", "a/c", false},
      {"**", "anything/at/all", true},
      {"Makefile", "Makefile", true},
      {"/Makefile", "Makefile", true},
      {"Makefile", "src/Makefile", false},
      {"a*b*c", "axxbyyc", true},
      {"a*b*c", "axxbyy", false},
  };
  for (const auto& c : cases) {
    INFO(c.pattern << " on " << c.path);
    CHECK(GlobMatches(c.pattern, c.path) == c.matches);
  }
}

TEST_CASE("a hostile pattern takes no more than a moment") {
  const std::string many_stars(200, '*');
  CHECK_FALSE(GlobMatches(many_stars + "b", std::string(20'000, 'a')));
  std::string folders;
  std::string pattern;
  for (int i = 0; i < 500; ++i) {
    folders += "a/";
    pattern += "**/a/";
  }
  CHECK_FALSE(GlobMatches(pattern + "b", folders + "c"));
}

}  // namespace slipway::trigger
