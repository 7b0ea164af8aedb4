#include "services/runner/mask/masker.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "services/runner/mask/secret_forms.h"

namespace slipway::runner {
namespace {

std::string InChunks(const MaskedTexts& texts, std::string_view text, size_t size) {
  Masker masker(texts);
  std::string out;
  for (size_t at = 0; at < text.size(); at += size) out += masker.Push(text.substr(at, size));
  return out + masker.Flush();
}

struct Case {
  const char* name;
  std::vector<std::string> secrets;
  std::string text;
  std::string masked;
};

std::vector<Case> Cases() {
  return {
      {"nothing to hide", {}, "plain text\n", "plain text\n"},
      {"a value in a line", {"hunter22"}, "pw=hunter22!\n", "pw=[MASKED]!\n"},
      {"a value alone", {"hunter22"}, "hunter22", "[MASKED]"},
      {"twice in a row", {"hunter22"}, "hunter22hunter22.", "[MASKED][MASKED]."},
      {"almost a value", {"hunter22"}, "hunter2 hunter2x\n", "hunter2 hunter2x\n"},
      {"a restart inside a near miss", {"aabaac"}, "aabaabaac\n", "aab[MASKED]\n"},
      {"one secret inside another",
       {"secret", "topsecretvalue"},
       "a topsecretvalue b secret c",
       "a [MASKED] b [MASKED] c"},
      {"the shorter one when the longer does not end",
       {"secret", "secretvalue"},
       "secretvalu \n",
       "[MASKED]valu \n"},
      {"overlapping secrets", {"abcdef", "defghi"}, "xabcdefghix\n", "x[MASKED]x\n"},
      {"a chain of overlaps", {"abab"}, "abababab|", "[MASKED]|"},
      {"a value that is too short stays", {"abc"}, "abc\n", "abc\n"},
      {"bytes that are no text",
       {std::string("\x00\xff\x01\x80key", 7)},
       std::string("a\x00\xff\x01\x80keyb", 9),
       "a[MASKED]b"},
      {"a trailing newline of the value is no part of it",
       {"hunter22\n"},
       "hunter22 x\n",
       "[MASKED] x\n"},
      {"each line of several",
       {"first-line\nsecond-line\n"},
       "1 first-line\n2 second-line\n",
       "1 [MASKED]\n2 [MASKED]\n"},
      {"lines with carriage returns",
       {"first-line\r\nsecond-line"},
       "second-line first-line|",
       "[MASKED] [MASKED]|"},
      {"percent-encoded",
       {"p@ss w/rd"},
       "u=p%40ss%20w%2Frd&\nu=p%40ss+w%2frd&\nu=p%40ss%20w/rd&\n",
       "u=[MASKED]&\nu=[MASKED]&\nu=[MASKED]&\n"},
      {"JSON-escaped",
       {"a\"b\\c\nd/e"},
       R"({"k":"a\"b\\c\nd/e","l":"a\"b\\c\nd\/e"})",
       R"({"k":"[MASKED]","l":"[MASKED]"})"},
      {"JSON beyond ASCII",
       {"gr\xc3\xbc\xc3\x9f"
        "e\xf0\x9f\x94\x91"},
       R"("gr\u00fc\u00dfe\ud83d\udd11")",
       "\"[MASKED]\""},
      {"JSON with markup", {"<a&b>"}, R"("\u003ca\u0026b\u003e")", "\"[MASKED]\""},
      {"base64", {"hunter22"}, Base64Encode("hunter22") + "\n", "[MASKED]\n"},
      {"an unfinished secret at the end", {"hunter22"}, "x hunter2", "x [MASKED]"},
      {"the first bytes of a secret at the end", {"hunter22"}, "x hun", "x hun"},
  };
}

}  // namespace

TEST_CASE("Secrets are masked whatever the borders of the chunks") {
  for (const Case& c : Cases()) {
    const MaskedTexts texts(c.secrets);
    for (const size_t size : {1, 2, 3, 5, 7, 1000}) {
      INFO(c.name << ", chunks of " << size);
      CHECK(InChunks(texts, c.text, size) == c.masked);
    }
    CHECK(MaskAll(texts, c.text) == c.masked);
  }
}

TEST_CASE("Base64 of a secret is masked in each alignment and both alphabets") {
  const std::string secret = "s\xff\xfe?>~ecret-\xfb\xef\xbe value";
  const MaskedTexts texts({secret});
  for (const std::string before : {"", "a", "ab", "abc", "user:"}) {
    for (const std::string after : {"", "x", "xy", "\n"}) {
      for (const std::string& encoded :
           {Base64Encode(before + secret + after), Base64UrlEncode(before + secret + after)}) {
        const std::string masked = InChunks(texts, encoded + "\n", 1);
        INFO(encoded << " -> " << masked);
        CHECK(masked.find("[MASKED]") != std::string::npos);
        // At most the characters that the neighbours share with the secret remain.
        CHECK(masked.size() <= kMask.size() + before.size() * 4 / 3 + 2 + after.size() * 4 / 3 + 8);
      }
    }
  }
}

TEST_CASE("Base64 of a long secret is masked in wrapped lines") {
  std::string secret;
  for (int i = 0; i < 200; ++i) secret += static_cast<char>('!' + i * 7 % 90);
  const MaskedTexts texts({secret});
  const std::string encoded = Base64Encode(secret);
  for (const size_t width : {76, 64}) {
    std::string wrapped, expected;
    for (size_t at = 0; at < encoded.size(); at += width) {
      wrapped += encoded.substr(at, width) + "\n";
      expected += "[MASKED]\n";
    }
    CHECK(InChunks(texts, wrapped, 1) == expected);
  }
}

TEST_CASE("Ordinary output is not kept back") {
  const MaskedTexts texts({"hunter22"});
  Masker masker(texts);
  CHECK(masker.Push("Password: ") == "Password: ");
  CHECK(masker.Push("progress h") == "progress ");
  CHECK(masker.Push("u") == "");
  CHECK(masker.Push("g") == "hug");
}

TEST_CASE("A pause in the middle of a secret releases nothing of it") {
  const MaskedTexts texts({"hunter22"});
  Masker masker(texts);
  std::string shown;
  for (const char c : std::string("hunter2")) shown += masker.Push(std::string(1, c));
  CHECK(shown.empty());
  CHECK(masker.Push("2") == "[MASKED]");
  CHECK(masker.Flush() == "");
}

TEST_CASE("Masking takes time in proportion to the output, also for periodic secrets") {
  const MaskedTexts texts({std::string(5000, 'a') + "b", std::string(3000, 'a')});
  const std::string text(4 << 20, 'a');
  CHECK(InChunks(texts, text, 65536) == "[MASKED]");
}

}  // namespace slipway::runner
