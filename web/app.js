document.getElementById("main").textContent = "Kinora";
