// By build id, and by .gnu_debuglink beside the file, in .debug/ and under /usr/lib/debug: the
// order and the places of gdb ("Debugging Information in Separate Files").
//
// Names and links on the way are the target's to choose. None leads out of its root, and none is
// opened but a regular file (open_within.h).

#include "debug_files.h"

#include <algorithm>

#include "open_within.h"
#include "task_files.h"

namespace pagefault {
namespace reader {

namespace {

constexpr char kDebug[] = "/usr/lib/debug";

// The roots in which the path means what it says.
std::vector<Fd> Roots(const Context& context, const Mapping& mapping) {
  std::vector<Fd> roots;
  std::vector<uint32_t> pids = {mapping.pid};
  pids.insert(pids.end(), mapping.ancestors.begin(), mapping.ancestors.end());
  for (size_t i = 0; i < pids.size() && roots.empty(); i++) {
    EachTask(context.proc, pids[i], [&](const std::string& directory) {
      Fd root = OpenRoot(directory + "/root");
      const bool found = root.ok();
      if (found) roots.push_back(std::move(root));
      return found;
    });
  }
  Fd own = OpenRoot("/");
  if (own.ok() && (roots.empty() || !SameDirectory(roots[0], own))) roots.push_back(std::move(own));
  return roots;
}

struct Candidate {
  std::string path;
  symbols::Role role;
};

void EachCandidate(const std::vector<Fd>& roots, const std::vector<Candidate>& candidates,
                   const std::function<bool(symbols::Role role, const Fd& file)>& use) {
  for (const Candidate& candidate : candidates) {
    for (const Fd& root : roots) {
      const Fd file = OpenWithin(root, candidate.path);
      if (file.ok() && use(candidate.role, file)) return;
    }
  }
}

}  // namespace

std::string DebugPath(const std::string& build_id) {
  static const char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : build_id) {
    hex += kDigits[static_cast<uint8_t>(byte) >> 4];
    hex += kDigits[byte & 15];
  }
  // Of one byte there is no directory with something in it.
  hex.resize(std::max<size_t>(hex.size(), 2), '0');
  return std::string(kDebug) + "/.build-id/" + hex.substr(0, 2) + "/" + hex.substr(2) + ".debug";
}

void EachDebugFile(const Context& context, const Mapping& mapping, const symbols::FileFacts& facts,
                   const std::function<bool(symbols::Role role, const Fd& file)>& use) {
  std::vector<Candidate> candidates;
  if (facts.build_id.size() > 1) {
    candidates.push_back({DebugPath(facts.build_id), symbols::kDebug});
  }
  const std::string& link = facts.link;
  if (!link.empty() && link != "." && link != ".." && link.find('/') == std::string::npos) {
    const std::string path = mapping.Path();
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    candidates.push_back({directory + link, symbols::kLinked});
    candidates.push_back({directory + ".debug/" + link, symbols::kLinked});
    candidates.push_back({kDebug + directory + link, symbols::kLinked});
  }
  if (!candidates.empty()) EachCandidate(Roots(context, mapping), candidates, use);
}

void EachAltFile(const Context& context, const Mapping& mapping, const symbols::FileFacts& facts,
                 const std::function<bool(const Fd& file)>& use) {
  std::vector<Candidate> candidates;
  if (facts.alt_id.size() > 1) candidates.push_back({DebugPath(facts.alt_id), symbols::kAlt});
  // Debian's: /usr/lib/debug/.dwz/TRIPLET/PACKAGE.debug.
  if (facts.alt.rfind(std::string(kDebug) + "/", 0) == 0) {
    candidates.push_back({facts.alt, symbols::kAlt});
  }
  const auto use_alt = [&](symbols::Role, const Fd& file) { return use(file); };
  if (!candidates.empty()) EachCandidate(Roots(context, mapping), candidates, use_alt);
}

}  // namespace reader
}  // namespace pagefault
