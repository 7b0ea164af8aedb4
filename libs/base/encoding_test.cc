#include "libs/base/encoding.h"

#include <catch2/catch.hpp>

namespace slipway {

TEST_CASE("hex round-trips and refuses what is not hex") {
  CHECK(HexEncode(std::string("\x00\xff\x10", 3)) == "00ff10");
  CHECK(HexDecode("00fF10") == std::string("\x00\xff\x10", 3));
  CHECK_FALSE(HexDecode("0"));
  CHECK_FALSE(HexDecode("0g"));
}

TEST_CASE("base64 follows RFC 4648 section 10") {
  CHECK(Base64Encode("foobar") == "Zm9vYmFy");
  CHECK(Base64Encode("fo") == "Zm8=");
  CHECK(Base64Decode("Zm8=") == "fo");
  CHECK(Base64UrlEncode("\xfb\xff") == "-_8");
  CHECK(Base64UrlDecode("-_8") == "\xfb\xff");
  CHECK_FALSE(Base64Decode("Zm8"));
}

TEST_CASE("SHA-256 and HMAC match the published vectors") {
  CHECK(Sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231 test case 2, and test case 6 with a key longer than a block.
  CHECK(HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(HexEncode(HmacSha256(std::string(131, '\xaa'),
                             "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("constant-time comparison compares") {
  CHECK(ConstantTimeEquals("same", "same"));
  CHECK_FALSE(ConstantTimeEquals("same", "samf"));
  CHECK_FALSE(ConstantTimeEquals("same", "sam"));
}

}  // namespace slipway
