#pragma once

#include <sodium.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace slipway::kube {

// Calls `visit(member)` for the members in the order of their keys' bytes. What a server sends is
// mostly in that order already, so that sorting, which takes memory, is rare.
template <typename Visit>
void ForEachSorted(const boost::json::object& object, const Visit& visit) {
  using Member = boost::json::key_value_pair;
  const auto less = [](const Member& a, const Member& b) { return a.key() < b.key(); };
  if (std::is_sorted(object.begin(), object.end(), less)) {
    for (const Member& member : object) visit(member);
    return;
  }
  std::vector<const Member*> members;
  members.reserve(object.size());
  for (const Member& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const Member* a, const Member* b) { return a->key() < b->key(); });
  for (const Member* member : members) visit(*member);
}

// Eight bytes of BLAKE2b over what is added piece by piece, without memory of its own; the same on
// every machine, so it may be stored. Not thread-safe.
class Digest {
 public:
  Digest() { crypto_generichash_init(&state_, nullptr, 0, crypto_generichash_BYTES_MIN); }

  // A piece; its mark and its length keep it apart from its neighbours.
  void Add(char mark, boost::json::string_view bytes = {}) {
    const uint64_t head = static_cast<uint64_t>(bytes.size()) << 8 | static_cast<uint8_t>(mark);
    Put(&head, sizeof(head));
    if (!bytes.empty()) Put(bytes.data(), bytes.size());
  }

  // A whole value. Equal numbers are equal whatever their type, and the order of an object's
  // members is none of its value.
  void AddValue(const boost::json::value& value) {
    switch (value.kind()) {
      case boost::json::kind::null:
        return Add('n');
      case boost::json::kind::bool_:
        return Add(value.get_bool() ? 't' : 'f');
      case boost::json::kind::string:
        return Add('s', value.get_string());
      case boost::json::kind::array:
        Add('[');
        for (const boost::json::value& item : value.get_array()) AddValue(item);
        return Add(']');
      case boost::json::kind::object:
        Add('{');
        ForEachSorted(value.get_object(), [this](const boost::json::key_value_pair& member) {
          Add('k', member.key());
          AddValue(member.value());
        });
        return Add('}');
      default:
        return AddNumber(value);
    }
  }

  // Never 0, which is left for "nothing". Call it once.
  uint64_t Finish() {
    unsigned char out[crypto_generichash_BYTES_MIN];
    crypto_generichash_final(&state_, out, sizeof(out));
    uint64_t result = 0;
    std::memcpy(&result, out, sizeof(result));
    return result == 0 ? 1 : result;
  }

 private:
  void Put(const void* data, size_t size) {
    crypto_generichash_update(&state_, static_cast<const unsigned char*>(data), size);
  }

  void AddNumber(const boost::json::value& value) {
    boost::system::error_code not_integer;
    const int64_t integer = value.to_number<int64_t>(not_integer);
    const double number = value.to_number<double>();
    if (not_integer) {
      Add('d');
      return Put(&number, sizeof(number));
    }
    Add('i');
    Put(&integer, sizeof(integer));
  }

  crypto_generichash_state state_;
};

}  // namespace slipway::kube
