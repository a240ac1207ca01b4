#include "namer.h"

#include <algorithm>
#include <iterator>

#include "demangle.h"

namespace pagefault {
namespace symbols {

namespace {

constexpr size_t kMaxShown = 256 << 10;

// push %rbp; mov %rsp,%rbp. Before them stand what marks the target of a branch (endbr64), and what
// Go asks of its stack.
constexpr uint8_t kSetFrame[] = {0x55, 0x48, 0x89, 0xe5};
constexpr size_t kFarthestFrame = 64;

std::string PathOf(const SourceFrame& source) {
  const bool relative = source.file[0] != '/' && source.directory != nullptr;
  return relative ? std::string(source.directory) + "/" + source.file : source.file;
}

}  // namespace

bool Namer::Load(Role role, Level level, uint32_t crc, Fd file, FileFacts* facts) {
  auto image = std::make_unique<ElfImage>();
  if ((role == kMain) != (main_ == nullptr) || prepared_ || !image->Open(std::move(file))) {
    return false;
  }
  *facts = image->Facts();
  switch (role) {
    case kMain:
      level_ = level;
      main_facts_ = *facts;
      main_ = std::move(image);
      return true;
    case kDebug:
    case kLinked: {
      const bool same = !facts->build_id.empty() && facts->build_id == main_facts_.build_id;
      const bool checked = role == kLinked && main_facts_.build_id.empty() && image->HasCrc(crc);
      if (!same && !checked) return false;
      debug_ = std::move(image);
      return true;
    }
    case kAlt:
      alt_ = std::move(image);
      return true;
    default:
      return false;
  }
}

void Namer::Prepare() {
  prepared_ = true;
  segments_.Read(main_->elf());
  symbols_.Add(main_->elf());
  FileFacts debug_facts;
  if (debug_ != nullptr) debug_facts = debug_->Facts();
  if (!main_facts_.symbols && debug_facts.symbols) {
    symbols_.Add(debug_->elf());
  } else if (!main_facts_.symbols) {
    packed_ = std::make_unique<ElfImage>();
    if (packed_->OpenPacked(*main_)) symbols_.Add(packed_->elf());
  }
  symbols_.Build();
  if (level_ != kEverything) return;
  with_lines_ = main_facts_.lines ? main_.get() : debug_facts.lines ? debug_.get() : nullptr;
}

// Unpacking it takes most of the time of a large file: data alone needs none.
DebugInfo* Namer::Lines() {
  if (with_lines_ != nullptr) {
    lines_ = std::make_unique<DebugInfo>();
    Elf* alt = alt_ == nullptr ? nullptr : alt_->elf();
    if (!lines_->Open(with_lines_->elf(), alt, segments_.FirstCode())) lines_.reset();
    with_lines_ = nullptr;
  }
  return lines_.get();
}

uint64_t Namer::AddressOf(uint8_t flags, uint64_t value) const {
  if ((flags & kPlaceLinked) != 0) return value;
  return segments_.AddressOf(value, (flags & kPlaceData) != 0, flags >> kPlaceProtShift);
}

void Namer::Answer(reader::Input* places, size_t count, NamesAnswer* out) {
  if (main_ != nullptr && !prepared_) Prepare();
  name_numbers_.clear();
  file_numbers_.clear();
  for (size_t i = 0; i < count; i++) {
    const uint8_t flags = places->U8();
    NamePlace(flags, places->U64(), out);
  }
}

void Namer::NamePlace(uint8_t flags, uint64_t value, NamesAnswer* out) {
  frames_.clear();
  if ((flags & kPlaceTls) != 0) {
    NameData(symbols_.ThreadLocal(value), value, out, &frames_);
    return out->Place(0, frames_, false);
  }
  const uint64_t address = AddressOf(flags, value);
  if (address == kNoAddress) return out->Place(0, frames_, false);
  if ((flags & kPlaceData) != 0) {
    NameData(symbols_.Data(address), address, out, &frames_);
  } else {
    NameCode(address, out, &frames_);
  }
  out->Place(0, frames_, (flags & kPlaceFrame) != 0 && IsFrameless(address));
}

bool Namer::IsFrameless(uint64_t address) {
  if (level_ != kEverything) return false;
  if (tables_ == nullptr) {
    tables_ = std::make_unique<FrameTables>();
    tables_->Open(main_->elf());
  }
  const FrameTables::Frame frame = tables_->FrameAt(address);
  if (frame != FrameTables::Frame::kUnknown) return frame == FrameTables::Frame::kMissing;
  return !SetsFrame(address);
}

bool Namer::SetsFrame(uint64_t address) const {
  const Symbol* symbol = symbols_.Code(address);
  if (symbol == nullptr) return false;
  uint8_t code[kFarthestFrame];
  const uint64_t length = std::min<uint64_t>(address - symbol->start, sizeof code);
  const uint64_t offset = segments_.OffsetOfCode(symbol->start);
  if (offset == kNoAddress || !main_->Read(offset, code, length)) return false;
  uint8_t* const end = code + length;
  return std::search(&code[0], end, std::begin(kSetFrame), std::end(kSetFrame)) != end;
}

void Namer::NameCode(uint64_t address, NamesAnswer* out, std::vector<NamedFrame>* frames) {
  found_.clear();
  DebugInfo* lines = Lines();
  if (lines != nullptr) lines->Find(address, &found_);
  for (const SourceFrame& source : found_) {
    NamedFrame frame;
    if (source.name != nullptr) frame.name = NameIn(out, source.name);
    if (source.file != nullptr) frame.file = FileIn(out, source);
    frame.line = source.line;
    if (source.has_start && address >= source.start) frame.offset = address - source.start;
    frames->push_back(frame);
  }
  const Symbol* symbol = symbols_.Code(address);
  if (symbol == nullptr) return;
  if (frames->empty()) frames->push_back({});
  // The symbol is what the code there is called: DWARF has no .cold, .part, .constprop.
  NamedFrame& outermost = frames->back();
  outermost.name = NameIn(out, symbol->name);
  outermost.offset = address - symbol->start;
}

void Namer::NameData(const Symbol* symbol, uint64_t address, NamesAnswer* out,
                     std::vector<NamedFrame>* frames) {
  if (symbol == nullptr) return;
  NamedFrame frame;
  frame.name = NameIn(out, symbol->name);
  frame.offset = address - symbol->start;
  frames->push_back(frame);
}

uint32_t Namer::NameIn(NamesAnswer* out, const char* name) {
  const auto added = name_numbers_.emplace(name, 0);
  if (added.second) added.first->second = out->String(Shown(name));
  return added.first->second;
}

uint32_t Namer::FileIn(NamesAnswer* out, const SourceFrame& source) {
  const auto added = file_numbers_.emplace(FilePlace{source.file, source.directory}, 0);
  if (added.second) added.first->second = out->String(PathOf(source));
  return added.first->second;
}

const std::string& Namer::Shown(const char* name) {
  const auto known = shown_.find(name);
  if (known != shown_.end()) return known->second;
  if (shown_.size() >= kMaxShown) shown_.clear();
  std::string text = level_ == kEverything ? Demangle(name) : std::string(name).substr(0, kMaxName);
  return shown_.emplace(name, std::move(text)).first->second;
}

}  // namespace symbols
}  // namespace pagefault
