#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace slipway::seal {

// Seals secrets at rest with XChaCha20-Poly1305. Holds one or more key-encryption keys in memory
// that is locked against swapping and zeroed at the end; the first key seals, all open. Owned by
// the composition root. Immutable, thread-safe.
class KeyRing {
 public:
  // Each file: 64 hex digits (a line end may follow), owned and readable by this user alone (mode
  // 0600 or 0400).
  static absl::StatusOr<std::unique_ptr<KeyRing>> Load(const std::vector<std::string>& key_files);
  ~KeyRing();
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  // A record: "v1.<key id>.<base64url of nonce and ciphertext>". `associated_data` names the place
  // that the record belongs to, "table/column/row"; only it can open the record again.
  std::string Seal(std::string_view plain, std::string_view associated_data) const;
  // SEAL_RECORD_MALFORMED, SEAL_KEY_UNKNOWN or SEAL_NOT_AUTHENTIC. The caller wipes the result
  // (Wipe) when it is done.
  absl::StatusOr<std::string> Open(std::string_view record, std::string_view associated_data) const;

  // The id of the key that seals: the first 8 hex digits of the key's SHA-256.
  const std::string& current_key_id() const;
  // True if `record` is sealed by another key than the current one.
  bool NeedsResealing(std::string_view record) const;

 private:
  struct Key {
    std::string id;
    unsigned char* bytes = nullptr;  // of sodium_malloc
  };
  KeyRing() = default;
  absl::Status Add(const std::string& path);

  std::vector<Key> keys_;
};

// Zeroes the characters of a secret before they are freed.
void Wipe(std::string& secret);

// Writes a new random key to `path` (0600), unless there is a file already.
absl::Status CreateKeyFile(const std::string& path);

}  // namespace slipway::seal
