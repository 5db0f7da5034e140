// The tab "Live": the camera as long as one likes, with the heart rate's course. Nothing is recorded.

import { Studio } from "../recorder/studio.js";
import { Course, drawCourse } from "./drawings/course.js";

export function startWatch({ element, trigger }) {
  const root = element.querySelector(".bp-rec");
  const course = new Course();
  const drawn = drawCourse(root.querySelector("[data-live=course]"), course);

  /** The tab "Record" goes on with this camera, which has been allowed already. */
  const recordFromHere = () => {
    const stream = studio.handOver();
    trigger("record");
    document.querySelector("#recorder .bp-rec")?.dispatchEvent(new CustomEvent("bp-start", { detail: { stream } }));
  };
  const studio = new Studio(root, {
    idle: "watch",
    goUpload: () => trigger("other_way"),
    deeds: { record: recordFromHere },
  });
  studio.addEventListener("live", ({ detail: live }) => {
    course.clear();
    live.addEventListener("preview", ({ detail: { startS, columns, bpm } }) => {
      course.add(startS + columns / 30, bpm);
      drawn.moved();
    });
  });
}
