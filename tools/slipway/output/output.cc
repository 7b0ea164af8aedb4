#include "tools/slipway/output/output.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "libs/base/unique_fd.h"
#include "libs/yaml/writer.h"
#include "tools/slipway/errors.h"

namespace slipway::cli {
namespace {

constexpr char kCtrlC = 3;

void Put(std::FILE* file, std::string_view text) {
  const bool whole =
      std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
  if (whole || file == stderr) return;
  // Whoever reads our output went first, as `head` does: there is nobody left to work for.
  if (errno != EPIPE) std::perror("slipway: the output can't be written");
  std::_Exit(1);
}

// boost::json writes no line breaks.
void Pretty(const boost::json::value& value, size_t indent, std::string& out) {
  const std::string inner(indent + 2, ' ');
  if (value.is_object() && !value.get_object().empty()) {
    bool first = true;
    for (const auto& [key, item] : value.get_object()) {
      out += first ? "{\n" : ",\n";
      first = false;
      out += inner + boost::json::serialize(boost::json::string(key)) + ": ";
      Pretty(item, indent + 2, out);
    }
    out += "\n" + std::string(indent, ' ') + "}";
  } else if (value.is_array() && !value.get_array().empty()) {
    bool first = true;
    for (const auto& item : value.get_array()) {
      out += first ? "[\n" : ",\n";
      first = false;
      out += inner;
      Pretty(item, indent + 2, out);
    }
    out += "\n" + std::string(indent, ' ') + "]";
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

absl::StatusOr<Format> ParseFormat(std::string_view word) {
  if (word == "table") return Format::kTable;
  if (word == "json") return Format::kJson;
  if (word == "yaml") return Format::kYaml;
  return UnknownWord("output format", word, {"table", "json", "yaml"});
}

Output::Output(Format format) : format_(format), on_terminal_(::isatty(STDOUT_FILENO) == 1) {}

void Output::ClearPassing() {
  if (!passing_) return;
  passing_ = false;
  Put(stdout, "\r\033[K");
}

void Output::Answer(const boost::json::value& document, const Table& table, std::string_view none) {
  if (!for_people()) return Document(document);
  if (table.rows.empty() && !none.empty()) return Note(none);
  ClearPassing();
  Put(stdout, table.Render());
}

void Output::Document(const boost::json::value& document) {
  ClearPassing();
  std::string text;
  if (format_ == Format::kJson) {
    Pretty(document, 0, text);
    text += '\n';
  } else {
    text = yaml::Write(document);
    if (text.empty() || text.back() != '\n') text += '\n';
  }
  Put(stdout, text);
}

void Output::Line(std::string_view text) {
  if (!for_people()) return;
  ClearPassing();
  Put(stdout, std::string(text) + "\n");
}

void Output::Raw(std::string_view text) { Put(stdout, text); }

void Output::Note(std::string_view text) {
  ClearPassing();
  Put(stderr, std::string(text) + "\n");
}

void Output::Passing(std::string_view text) {
  if (!on_terminal_ || !for_people()) return;
  passing_ = true;
  Put(stdout, "\r\033[K" + std::string(text));
}

bool Ask(std::string_view question, bool secret, std::string& answer) {
  if (::isatty(STDIN_FILENO) != 1) return false;
  const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.valid()) return false;
  if (::write(terminal.get(), question.data(), question.size()) < 0) return false;
  termios before = {};
  const bool quiet = secret && ::tcgetattr(terminal.get(), &before) == 0;
  if (quiet) {
    termios silent = before;
    // Ctrl-C comes as a character, so that the echo is never left off.
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    ::tcsetattr(terminal.get(), TCSAFLUSH, &silent);
  }
  answer.clear();
  char c = 0;
  ssize_t got = 0;
  while ((got = ::read(terminal.get(), &c, 1)) == 1 && c != '\n' && c != kCtrlC) answer += c;
  if (quiet) {
    ::tcsetattr(terminal.get(), TCSAFLUSH, &before);
    if (::write(terminal.get(), "\n", 1) < 0) return false;
  }
  return c != kCtrlC && (got == 1 || !answer.empty());
}

}  // namespace slipway::cli
