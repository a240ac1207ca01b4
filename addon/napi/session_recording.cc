// What JavaScript adds to a recording, and asks of it.

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "napi/session.h"
#include "util/error.h"

namespace pagefault {

void Session::RecordFact(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env()) || capture_->recorder() == nullptr) return;
  if (info.Length() < 1) throw Napi::TypeError::New(info.Env(), "recordFact(text)");
  capture_->recorder()->TellFact(info[0].ToString().Utf8Value());
}

void Session::RecordCopies(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env()) || capture_->recorder() == nullptr) return;
  if (info.Length() < 2 || !info[0].IsTypedArray()) {
    throw Napi::TypeError::New(info.Env(), "recordCopies(copies, count)");
  }
  const Napi::Uint8Array copies = info[0].As<Napi::Uint8Array>();
  const size_t count = info[1].ToNumber().Uint32Value();
  capture_->recorder()->TellCopies(copies.Data(), std::min(count, copies.ByteLength()));
}

void Session::RecordTask(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env()) || capture_->recorder() == nullptr) return;
  if (info.Length() < 2) throw Napi::TypeError::New(info.Env(), "recordTask(pid, comm)");
  const std::string comm = info[1].ToString().Utf8Value();
  RecordRow row{RecordType::kComm};
  row.pid = row.tid = info[0].ToNumber().Uint32Value();
  // There was nothing before, as with an exec.
  row.flags = 1;
  row.name = comm.data();
  row.name_length = comm.size();
  capture_->recorder()->Tell(row);
}

void Session::RecordName(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env()) || capture_->recorder() == nullptr) return;
  if (info.Length() < 3) throw Napi::TypeError::New(info.Env(), "recordName(pid, tid, comm)");
  const std::string comm = info[2].ToString().Utf8Value();
  RecordRow row{RecordType::kComm};
  row.pid = info[0].ToNumber().Uint32Value();
  row.tid = info[1].ToNumber().Uint32Value();
  row.name = comm.data();
  row.name_length = comm.size();
  capture_->recorder()->TellOthers(row);
}

void Session::RecordMapping(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env) || capture_->recorder() == nullptr) return;
  if (info.Length() < 2 || !info[1].IsObject()) {
    throw Napi::TypeError::New(env, "recordMapping(pid, vma)");
  }
  const Napi::Object vma = info[1].As<Napi::Object>();
  const Napi::Object backing = vma.Get("backing").As<Napi::Object>();
  const auto number = [](const Napi::Object& object, const char* key) {
    return static_cast<uint64_t>(object.Get(key).ToNumber().DoubleValue());
  };
  const std::string name = backing.Get("name").ToString().Utf8Value();
  RecordRow row{RecordType::kMmap};
  row.pid = row.tid = info[0].ToNumber().Uint32Value();
  row.start = number(vma, "start");
  row.end = number(vma, "end");
  row.pgoff = number(vma, "pgoff");
  row.prot = static_cast<uint32_t>(number(vma, "prot"));
  row.flags = vma.Get("shared").ToBoolean() ? MAP_SHARED : MAP_PRIVATE;
  row.dev_major = static_cast<uint32_t>(number(backing, "devMajor"));
  row.dev_minor = static_cast<uint32_t>(number(backing, "devMinor"));
  row.ino = strtoull(backing.Get("ino").ToString().Utf8Value().c_str(), nullptr, 10);
  row.name = name.data();
  row.name_length = name.size();
  capture_->recorder()->Tell(row);
}

void Session::RecordTurn(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env()) || capture_->recorder() == nullptr) return;
  if (info.Length() < 1) throw Napi::TypeError::New(info.Env(), "recordTurn(fd)");
  const int fd = info[0].ToNumber().Int32Value();
  Fd file(fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (file.ok()) {
    capture_->recorder()->Turn(std::move(file));
  } else {
    capture_->recorder()->GiveUp();
  }
}

void Session::RecordTurned(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env()) || capture_->recorder() == nullptr) return;
  capture_->recorder()->Turned();
}

void Session::RecordEnd(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env()) || capture_->recorder() == nullptr) return;
  capture_->recorder()->Stop();
}

Napi::Value Session::Recording(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env) || capture_->recorder() == nullptr) return env.Null();
  const int error = capture_->recorder()->error();
  Napi::Object object = Napi::Object::New(env);
  object.Set("error", error == 0 ? std::string() : ErrnoName(error));
  object.Set("dropped", static_cast<double>(capture_->recorder()->dropped()));
  object.Set("lateCopies", static_cast<double>(capture_->recorder()->late_copies()));
  object.Set("written", static_cast<double>(capture_->recorder()->written()));
  object.Set("done", capture_->recorder()->done());
  return object;
}

}  // namespace pagefault
