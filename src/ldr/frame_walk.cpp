#include "ldr/frame_walk.hpp"

#include "rtl/line.hpp"

namespace mica::ldr {
namespace {

constexpr ULONG interrupt_flag = 0x200;

template <class T>
[[nodiscard]] T& whole(ke::Boundary& boundary) noexcept {
  return reinterpret_cast<T&>(boundary);
}

}  // namespace

StackBounds current_stack() noexcept {
  hal::Stack const stack = ke::current_thread().stack_in_use;
  return {ke::as_parameter(stack.base), ke::as_parameter(stack.base) + stack.bytes};
}

void context_of(ImportCall const& call, CONTEXT& context) noexcept {
  context = {};
  context.ContextFlags = CONTEXT_FULL;
  context.EFlags = interrupt_flag | 2;
  context.MxCsr = context.FltSave.MxCsr = 0x1f80;
  context.Rbx = call.rbx;
  context.Rsi = call.rsi;
  context.Rdi = call.rdi;
  context.Rbp = call.rbp;
  context.R12 = call.r12;
  context.R13 = call.r13;
  context.R14 = call.r14;
  context.R15 = call.r15;
  std::memcpy(&context.Xmm6, call.xmm, sizeof call.xmm);
  context.Rip = call.return_address;
  context.Rsp = ke::as_parameter(&call.home);
}

FrameWalk::FrameWalk(CONTEXT const& context, ke::Boundary* outside, bool called_nothing) noexcept
    : outside_{outside} {
  take(context, called_nothing);
}

FrameWalk::FrameWalk(ke::Boundary* outside) noexcept : context_{}, outside_{outside} {}

void FrameWalk::take(CONTEXT const& context, bool called_nothing) noexcept {
  context_ = context;
  after_call_ = called_nothing;
  if (!called_nothing || !stack_.has(context_.Rsp)) return;
  std::memcpy(&context_.Rip, reinterpret_cast<void const*>(context_.Rsp), sizeof context_.Rip);
  context_.Rsp += sizeof context_.Rip;
}

bool FrameWalk::find() noexcept {
  while ((image_ = find_image(context_.Rip)) == nullptr)
    if (!pass_boundary()) return false;
  return true;
}

bool FrameWalk::pass_boundary() noexcept {
  if (outside_ == nullptr) {
    end_ = WalkEnd::thread;
    return false;
  }
  ke::Boundary& boundary = *outside_;
  switch (boundary.kind) {
    case ke::BoundaryKind::import: {
      auto& call = whole<ImportCall>(boundary);
      context_of(call, context_);
      after_call_ = true;
      if (leaves_ && call.stub->watch != nullptr) call.stub->watch->unwound(call);
      break;
    }
    case ke::BoundaryKind::exception: {
      auto const& exception = whole<ExceptionBoundary>(boundary);
      asked_frame_ = std::max(asked_frame_, exception.establisher);
      take(*exception.context, exception.called_nothing);
      break;
    }
    case ke::BoundaryKind::unwind: {
      auto const& unwind = whole<UnwindBoundary>(boundary);
      context_ = *unwind.context;
      scope_index_ = unwind.dispatcher->ScopeIndex;
      after_call_ = unwind.dispatcher->Fill0 == after_call;
      collided_ = true;
      outside_ = unwind.outside;
      return true;
    }
    case ke::BoundaryKind::barrier:
      end_ = WalkEnd::barrier;
      return false;
  }
  outside_ = boundary.outer;
  return true;
}

void FrameWalk::describe(ULONG handler_type, DISPATCHER_CONTEXT& dispatcher,
                         CONTEXT& caller) noexcept {
  std::uint32_t const at = image_->offset_of(context_.Rip);
  std::uint32_t const function = find_function(*image_, at);
  Frame frame{};
  caller = context_;
  BadFrame bad =
      virtual_unwind({*image_, at, function, handler_type, stack_, nullptr}, caller, frame);
  if (!bad && frame.handler >= image_->bytes)
    bad = {STATUS_BAD_FUNCTION_TABLE, "the handler of a function is outside of the image", at};
  if (bad) stop_for(bad, *image_, context_.Rip);
  dispatcher = {};
  dispatcher.ControlPc = context_.Rip;
  dispatcher.ImageBase = image_->start();
  dispatcher.FunctionEntry = reinterpret_cast<PRUNTIME_FUNCTION>(image_->base + function);
  dispatcher.EstablisherFrame = frame.establisher;
  dispatcher.ContextRecord = &context_;
  dispatcher.ScopeIndex = scope_index_;
  dispatcher.Fill0 = after_call_ ? after_call : 0;
  if (frame.handler == 0) return;
  dispatcher.LanguageHandler = reinterpret_cast<PEXCEPTION_ROUTINE>(image_->base + frame.handler);
  dispatcher.HandlerData = image_->base + frame.handler_data;
}

void NTAPI stop_for(BadFrame const& bad, LoadedImage const& image, std::uint64_t address) noexcept {
  rtl::Line{} << "mica: " << image.name() << "+" << rtl::Hex{bad.at} << ": " << bad.what;
  ke::bugcheck(KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(bad.status), address, image.start(),
               bad.at);
}

std::size_t NTAPI trace(CONTEXT const& context, ke::Boundary* outside, bool called_nothing,
                        std::uint64_t* addresses, std::size_t capacity) noexcept {
  std::size_t count = 0;
  FrameWalk walk{context, outside, called_nothing};
  while (count < capacity) {
    ke::Boundary const* const before = walk.outside();
    if (!walk.find()) break;
    if (before != walk.outside() && before->kind == ke::BoundaryKind::import)
      addresses[count++] =
          ke::as_parameter(reinterpret_cast<ImportCall const*>(before)->stub->routine);
    if (count == capacity) break;
    addresses[count++] = walk.context().Rip;
    CONTEXT caller = walk.context();
    Frame frame{};
    std::uint32_t const at = walk.image().offset_of(caller.Rip);
    if (virtual_unwind({walk.image(), at, find_function(walk.image(), at), UNW_FLAG_NHANDLER,
                        current_stack(), nullptr},
                       caller, frame))
      break;
    walk.step(caller);
  }
  return count;
}

}  // namespace mica::ldr
