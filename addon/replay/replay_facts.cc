// What a replay tells beside its batches, as lines of a name and a value.

#include <string>

#include "replay/replay.h"

namespace pagefault {
namespace perfdata {

namespace {

// Bytes of a fault in a recording of perf: two samples (docs/recordings.md).
constexpr uint64_t kRecordedFault = 160, kCompressedFault = 8;

class Lines {
 public:
  void Add(const char* name, uint64_t value) { Add(name, std::to_string(value)); }
  // Text of others: a line is one line whatever is in it.
  void Add(const char* name, std::string text) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
    }
    text_ += name;
    text_ += ' ';
    text_ += text;
    text_ += '\n';
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

std::string Replay::HeadFacts() const {
  const EventFacts& facts = events_.facts();
  const Head& head = file_.head();
  Lines lines;
  lines.Add("entries", facts.entries ? 1 : 0);
  lines.Add("unmaps", facts.unmaps ? 1 : 0);
  lines.Add("signals", facts.signals ? 1 : 0);
  lines.Add("userOnly", facts.user_only ? 1 : 0);
  lines.Add("cpus", head.cpus);
  if (head.last_time > head.first_time) {
    lines.Add("lengthNs", head.last_time - head.first_time);
  }
  if (facts.sampled) lines.Add("note", "SAMPLED");
  if (facts.mixed) lines.Add("note", "MIXED");
  if (facts.untimed) lines.Add("note", "UNTIMED");
  if (!facts.whole_maps) lines.Add("note", "CODE_ONLY");
  for (const std::string& word : head.command) lines.Add("word", word);
  lines.Add("host", head.host);
  return lines.text();
}

std::string Replay::BeginFacts() const {
  Lines lines;
  // As many as records of this size would be, where they have not been counted.
  const uint64_t each = file_.head().compressed ? kCompressedFault : kRecordedFault;
  const uint64_t size = file_.seekable() ? file_.size() : 0;
  lines.Add("faults", faults_.faults() > 0 ? faults_.faults() : size / each);
  lines.Add("beginsNs", begins_ns_);
  return lines.text();
}

std::string Replay::Counters() const {
  const PairCounters counters = pairer_ == nullptr ? PairCounters() : pairer_->counters();
  Lines lines;
  lines.Add("minor", counters.minor + own_minor_);
  lines.Add("major", counters.major + own_major_);
  lines.Add("unresolved", counters.unresolved + own_unresolved_);
  lines.Add("lostRecords", counters.lost_records + own_lost_);
  if (lost_known_) {
    lines.Add("lostMinor", lost_minor_);
    lines.Add("lostMajor", lost_major_);
  }
  lines.Add("unpairedCompletions", counters.unpaired_completions);
  lines.Add("kernelEntries", counters.kernel_entries);
  lines.Add("vsyscalls", counters.vsyscalls);
  lines.Add("interrupted", counters.interrupted);
  lines.Add("retried", counters.retried);
  lines.Add("taintedEntries", counters.tainted_entries);
  lines.Add("malformed", counters.malformed + malformed_);
  lines.Add("foreign", counters.foreign);
  lines.Add("memorySharers", counters.memory_sharers);
  lines.Add("strangers", events_.facts().strangers);
  lines.Add("guessed", events_.facts().guessed ? 1 : 0);
  lines.Add("endNs", now_ > start_ ? now_ - start_ : 0);
  return lines.text();
}

}  // namespace perfdata
}  // namespace pagefault
