// Frames of requests through the reader's operations, which answer from files in place of
// /proc/PID.
//
//   input   u8 length of the frame, the frame, what stands in those files

#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "../bytes.h"
#include "mutate.h"
#include "reader/frame.h"
#include "reader/operations.h"

namespace pagefault {
namespace fuzz {

namespace {

using test::Put;

constexpr uint32_t kPid = 77;
constexpr size_t kMaxText = 8192;
// Those that answer from files of /proc/PID.
constexpr uint8_t kOperations[] = {reader::kMaps,  reader::kCmdline, reader::kPage,
                                   reader::kElf,   reader::kGuards,  reader::kSize,
                                   reader::kTasks, reader::kMemory};
constexpr char kText[] =
    "00400000-00401000 r-xp 00000000 fe:00 11                     /srv/program\n"
    "VmFlags: rd mr um\n"
    "7f1c32a00000-7f1c32a28000 rw-p 00000000 00:00 0 \n"
    "VmFlags: rd wr uw\n";

int Remove(const char* path, const struct stat*, int, struct FTW*) {
  return remove(path);
}

class RequestsKind : public Kind {
 public:
  RequestsKind() : frame_(memfd_create("frame", MFD_CLOEXEC)), null_(open("/dev/null", O_WRONLY)) {
    char name[] = "/tmp/pagefault-fuzz-XXXXXX";
    CHECK(mkdtemp(name) != nullptr);
    root_ = name;
    directory_ = root_ + "/" + std::to_string(kPid);
    CHECK(frame_ >= 0 && null_ >= 0 && mkdir(directory_.c_str(), 0700) == 0);
    for (const char* inner : {"/task", "/fd"})
      CHECK(mkdir((directory_ + inner).c_str(), 0700) == 0);
  }
  ~RequestsKind() override {
    nftw(root_.c_str(), Remove, 8, FTW_DEPTH | FTW_PHYS);
    close(frame_);
    close(null_);
  }

  size_t Make(Random* random, Bytes* input) override {
    const uint8_t operation = kOperations[random->Below(std::size(kOperations))];
    Bytes payload;
    if (operation == reader::kTasks) Put(&payload, uint16_t{1});
    Put(&payload, kPid);
    if (operation == reader::kPage || operation == reader::kMemory) {
      Put(&payload, uint64_t{0x7f1c32a00});
    }
    if (operation == reader::kElf || operation == reader::kSize) {
      // One ancestor.
      Put(&payload, uint8_t{1});
      Put(&payload, kPid);
      Put(&payload, uint64_t{0x400});
      Put(&payload, uint64_t{0x401});
      Put(&payload, uint8_t{5});
      Put(&payload, uint32_t{0xfe});
      Put(&payload, uint32_t{0});
      Put(&payload, uint64_t{11});
      const char name[] = "/srv/program";
      payload.insert(payload.end(), name, name + sizeof name - 1);
    }
    Bytes frame;
    Put(&frame, static_cast<uint32_t>(reader::kRequestHead + payload.size()));
    Put(&frame, uint32_t{1});
    Put(&frame, operation);
    frame.insert(frame.end(), payload.begin(), payload.end());
    if (random->Below(4) == 0) Damage(random, frame.data(), frame.size());
    if (random->Below(4) == 0) Damage(random, frame.data() + 13, frame.size() - 13);
    if (random->Below(8) == 0) frame.resize(random->Below(frame.size() + 1));
    Put(input, static_cast<uint8_t>(frame.size()));
    input->insert(input->end(), frame.begin(), frame.end());
    Bytes text(kText, kText + sizeof kText - 1);
    DamageText(random, &text, kMaxText);
    input->insert(input->end(), text.begin(), text.end());
    return 1;
  }

  void Run(const Bytes& input) override {
    Script script(input);
    const Bytes frame = script.Take(script.Take<uint8_t>());
    const Bytes text = script.Rest();
    for (const char* name : {"/maps", "/smaps", "/cmdline", "/status", "/cgroup"})
      Write(directory_ + name, text);
    CHECK(ftruncate(frame_, 0) == 0 && pwrite(frame_, frame.data(), frame.size(), 0) >= 0);
    lseek(frame_, 0, SEEK_SET);

    reader::Context context{root_, {}};
    reader::Request request;
    reader::Output answer;
    while (reader::ReadRequest(frame_, &request)) {
      answer.Clear();
      reader::Input fields(request.payload.data(), request.payload.size());
      const int error = reader::Answer(request.operation, &context, &fields, &answer);
      CHECK(error >= 0);
      if (error != 0) CHECK(answer.bytes().empty());
      CHECK(reader::WriteAnswer(null_, request, error, answer.bytes()));
    }
  }

 private:
  static void Write(const std::string& path, const Bytes& text) {
    // Made anew: ext4 writes to the disk at once what replaces the text of a file (auto_da_alloc).
    unlink(path.c_str());
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    close(fd);
  }

  int frame_;
  int null_;
  std::string root_;
  std::string directory_;
};

}  // namespace

std::unique_ptr<Kind> Requests() {
  return std::make_unique<RequestsKind>();
}

}  // namespace fuzz
}  // namespace pagefault
