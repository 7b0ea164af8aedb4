#include "tools/slipway/output/table.h"

#include <algorithm>

namespace slipway::cli {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 have no width.
size_t Width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// One line, and nothing that could steer a terminal.
std::string Clean(const std::string& text) {
  std::string clean = text;
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  return clean;
}

}  // namespace

std::string Table::Render(size_t indent) const {
  std::vector<std::vector<std::string>> lines;
  if (!header.empty()) lines.push_back(header);
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (const std::string& cell : row) line.push_back(Clean(cell));
  }
  std::vector<size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (size_t i = 0; i < line.size(); ++i) {
      // After the last one nothing has to be in line.
      if (i + 1 < line.size() && Width(line[i]) <= widest)
        widths[i] = std::max(widths[i], Width(line[i]));
    }
  }
  std::string text;
  for (const auto& line : lines) {
    std::string shown(indent, ' ');
    for (size_t i = 0; i < line.size(); ++i) {
      shown += line[i];
      const size_t width = Width(line[i]);
      if (i + 1 < line.size() && std::max(widths[i], width) > 0)
        shown.append(std::max(widths[i], width) - width + 2, ' ');
    }
    shown.erase(shown.find_last_not_of(' ') + 1);
    text += shown + "\n";
  }
  return text;
}

}  // namespace slipway::cli
